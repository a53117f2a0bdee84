import FoundationEssentials
import PoolCore

/// What a plan rests on, for one engine on one device: what was measured, with what was given in its place.
struct PlanFigures: Sendable, Equatable {
    /// For the pool.
    var figures: EngineFigures
    /// How fast the device is.
    var speed: ForecastSpeed
    /// The audio of a typical utterance, in seconds.
    var audioSeconds: Double
    /// For people: each figure and where it comes from.
    var items: [Plan.Figure]
    /// How many ran at once when more were of no use; `nil` if that is not known.
    var knee: Plan.Figure?

    /// What cannot be done without, and was neither measured nor given.
    struct Missing: Error, Equatable {
        /// The flags that would give it.
        var flags: [String]
    }

    /// Audio of an utterance of which nothing is known, in seconds: two sentences.
    static let assumedAudioSeconds = 6.0

    /// - Parameters:
    ///   - largestUnits: the size of the largest text that the engine is given.
    ///   - measurement: what was measured, if anything was.
    ///   - model: on which model of device.
    init(
        given: PlanGiven,
        largestUnits: Int,
        measurement: PlanMeasurement?,
        model: String?
    ) throws(Missing) {
        let found = measurement?.figures ?? EngineFigures()
        let origin = Origin(model: model, at: measurement?.at)
        let audio = AudioFigures(given: given, found: found, origin: origin)
        guard let floor = given.instanceBytes ?? found.floorBytes, let speed = audio.speed else {
            let flags = [
                given.instanceBytes ?? found.floorBytes == nil ? "--instance" : nil, audio.speed == nil ? "--rtf" : nil,
            ]
            throw Missing(flags: flags.compactMap(\.self))
        }
        var figures = found
        figures.floorBytes = floor
        figures.addedBytes = given.addedBytes ?? found.addedBytes
        if let peak = given.peakBytes {
            figures.peakBytes = EngineFigures().peakBytes
            figures.peakBytes.observe(units: largestUnits, value: Double(peak))
        }
        self.figures = figures
        self.speed = speed
        audioSeconds = audio.seconds
        items = [
            origin.figure(.instanceBytes, given: given.instanceBytes, found: found.floorBytes),
            origin.figure(
                .addedBytes,
                given: given.addedBytes,
                found: found.addedBytes,
                assumed: floor,
                note: "instances share nothing"
            ),
            origin.figure(
                .peakBytes,
                given: given.peakBytes,
                found: found.peakBytes.count > 0 ? found.peak(units: largestUnits) : nil,
                assumed: figures.peak(units: largestUnits),
                note: "what the pool takes it for until it has seen some"
            ),
        ]
        items += audio.items
        knee = found.curve.knee.map { origin.measured(.maxRunning, value: Double($0)) }
    }

    /// Where and when something was measured.
    private struct Origin {
        var model: String?
        var at: Date?

        /// A figure: what was given, else what was found, else what is assumed.
        func figure(
            _ name: Plan.Figure.Name,
            given: Double?,
            found: Double?,
            assumed: Double? = nil,
            note: String? = nil
        ) -> Plan.Figure {
            if let given { return Plan.Figure(name: name, value: given, source: .given) }
            if let found { return measured(name, value: found) }
            return Plan.Figure(name: name, value: assumed, source: .assumed, note: note)
        }

        func figure(
            _ name: Plan.Figure.Name,
            given: Int?,
            found: Int?,
            assumed: Int? = nil,
            note: String? = nil
        ) -> Plan.Figure {
            figure(
                name,
                given: given.map { Double($0) },
                found: found.map { Double($0) },
                assumed: assumed.map { Double($0) },
                note: note
            )
        }

        func measured(_ name: Plan.Figure.Name, value: Double? = nil, curve: [Plan.CurvePoint]? = nil) -> Plan.Figure {
            Plan.Figure(
                name: name,
                value: value,
                curve: curve,
                source: .measured,
                deviceModel: model,
                measuredAt: at.map { $0.formatted(.iso8601) }
            )
        }
    }

    /// What is known of the audio: how fast it is made, and how much of it an utterance is.
    private struct AudioFigures {
        /// `nil` if nothing is known.
        var speed: ForecastSpeed?
        var seconds: Double
        var items: [Plan.Figure] = []

        init(given: PlanGiven, found: EngineFigures, origin: Origin) {
            let units = Int(ForecastTexts.meanUnits)
            let measured = found.audioSeconds.mean(units: units).flatMap { $0 > 0 ? $0 : nil }
            seconds = given.audioSeconds ?? measured ?? PlanFigures.assumedAudioSeconds
            let curve = measured.flatMap { ForecastSpeed(found.curve, audioPerUnit: $0 / Double(units)) }
            if given.rtf == nil, let curve, case .measured(let points) = curve {
                speed = curve
                let shown = points.map {
                    Plan.CurvePoint(running: $0.running, audioSecondsPerSecond: $0.audioPerSecond)
                }
                items = [origin.measured(.curve, curve: shown)]
            } else {
                let alone = measured.flatMap { audio in found.seconds.mean(units: units).map { $0 / audio } }
                if let rtf = given.rtf ?? alone, rtf > 0 {
                    speed = .undisturbed(rtf: rtf)
                    items = [origin.figure(.rtf, given: given.rtf, found: alone)]
                }
            }
            items.append(
                origin.figure(
                    .audioSeconds,
                    given: given.audioSeconds,
                    found: measured,
                    assumed: PlanFigures.assumedAudioSeconds
                )
            )
        }
    }
}
