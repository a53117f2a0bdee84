/// A plan for people: what `chorus plan` prints.
struct PlanReport: Sendable {
    /// What is shown.
    var plan: Plan

    /// Where sentences are broken.
    private static let columns = 90

    /// What the engines can do, the devices' memory, what it rests on, waits and notes.
    var text: String {
        let parts =
            [headlines, devices] + plan.engines.flatMap(sections)
            + plan.notes.map { PlanText.lines($0, columns: Self.columns) }
        return parts.filter { !$0.isEmpty }.map { $0.map { "\($0)\n" }.joined() }.joined(separator: "\n")
    }

    private var headlines: [String] {
        plan.engines.flatMap { engine in
            let instances = engine.instances == 1 ? "1 instance fits" : "\(engine.instances) instances fit"
            let listeners = engine.listeners == 1 ? "1 listener" : "\(engine.listeners) listeners"
            return [
                "\(engine.name): \(instances), \(engine.running) run at once: \(listeners) in real time.",
                engine.limit.text,
            ]
        }
    }

    // MARK: Devices

    /// A column of the devices' table.
    private struct Column {
        var heading: String
        /// Whether it is left out when it has nothing but zeros.
        var isOptional = false
        var bytes: (Plan.Device) -> Int
    }

    private var devices: [String] {
        func sum(_ bytes: @escaping (Plan.Share) -> Int) -> (Plan.Device) -> Int {
            { $0.shares.reduce(0) { $0 + bytes($1) } }
        }
        let columns = [
            Column(heading: "CONTEXT+WEIGHTS", bytes: sum(\.instanceBytes)),
            Column(heading: "SHARED", isOptional: true, bytes: sum(\.sharedBytes)),
            Column(heading: "ACTIVATIONS", bytes: sum(\.activationBytes)),
            Column(heading: "RESERVE", bytes: \.reserveBytes),
            Column(heading: "FOREIGN", isOptional: true, bytes: \.foreignBytes),
            Column(heading: "FREE", bytes: { max(0, $0.freeBytes) }),
        ].filter { column in !column.isOptional || plan.devices.contains { column.bytes($0) != 0 } }
        let heading = ["DEVICE", "MEMORY", "LOADED", "RUNNING"] + columns.map(\.heading)
        let rows = plan.devices.map { device in
            let instances = device.shares.reduce(0) { $0 + $1.instances }
            let running = device.shares.reduce(0) { $0 + $1.running }
            return [device.name, PlanText.size(device.totalBytes), "\(instances)", "\(running)"]
                + columns.map { PlanText.size($0.bytes(device)) }
        }
        return TextTable(rows: [heading] + rows, rightAligned: Set(1..<heading.count)).lines
    }

    // MARK: Engines

    private func sections(_ engine: Plan.Engine) -> [[String]] {
        let figures = engine.figures.map { group in
            let place = engine.figures.count > 1 ? " on \(group.devices.joined(separator: ", "))" : ""
            let name = plan.engines.count > 1 ? "\(engine.name)\(place)" : "FIGURES\(place)"
            let rows = group.items.map { [label($0), value($0), origin($0)] }
            return TextTable(rows: [[name, "VALUE", "FROM"]] + rows, rightAligned: [1]).lines
        }
        return figures + [result(engine), waits(engine)]
    }

    private func result(_ engine: Plan.Engine) -> [String] {
        let isAssumed = engine.audioSource == .assumed
        let rows = [
            ["RESULT", "VALUE", "FROM"],
            [
                "audio, seconds a second", PlanText.fixed(engine.audioSecondsPerSecond, 1),
                isAssumed ? "assumed: instances do not slow each other down" : "measured, by how many run",
            ],
            ["listeners in real time", "\(engine.listeners)", "the same"],
            ["utterances a minute", PlanText.fixed(engine.utterancesPerMinute, 1), "the same"],
        ]
        return TextTable(rows: rows, rightAligned: [1]).lines
    }

    private func waits(_ engine: Plan.Engine) -> [String] {
        let heading = ["LOAD", "UTTERANCES A MINUTE", "MEAN WAIT", "95 % WAIT LESS THAN", "REFUSED"]
        let rows = engine.waits.map { wait in
            [
                PlanText.percent(wait.load), PlanText.fixed(wait.utterancesPerMinute, 1),
                "\(PlanText.fixed(wait.meanSeconds, 1)) s", "\(PlanText.fixed(wait.p95Seconds, 1)) s",
                PlanText.percent(wait.refused),
            ]
        }
        return rows.isEmpty ? [] : TextTable(rows: [heading] + rows, rightAligned: [0, 1, 2, 3, 4]).lines
    }

    private func label(_ figure: Plan.Figure) -> String {
        switch figure.name {
        case .instanceBytes: "an instance: context, weights"
        case .addedBytes: "one more beside it"
        case .peakBytes: "peak of the largest text"
        case .maxRunning: "running at once, each device"
        case .rtf: "RTF of one instance"
        case .curve: "audio a second, by how many run"
        case .audioSeconds: "audio of an utterance"
        case .cores: "cores"
        }
    }

    private func value(_ figure: Plan.Figure) -> String {
        if let curve = figure.curve {
            return curve.map { "\($0.running): \(PlanText.fixed($0.audioSecondsPerSecond, 1))" }.joined(separator: ", ")
        }
        guard let value = figure.value else { return "all" }
        switch figure.name {
        case .instanceBytes, .addedBytes, .peakBytes: return PlanText.size(Int(value))
        case .audioSeconds: return "\(PlanText.fixed(value, 1)) s"
        case .rtf: return PlanText.fixed(value, value < 0.1 ? 4 : 2)
        case .maxRunning, .curve, .cores: return PlanText.fixed(value, 0)
        }
    }

    private func origin(_ figure: Plan.Figure) -> String {
        var text = figure.source == .machine ? "this machine" : figure.source.rawValue
        if let model = figure.deviceModel { text += " on \(model)" }
        if let date = figure.measuredAt?.prefix(10) { text += ", \(date)" }
        if let note = figure.note { text += ": \(note)" }
        return text
    }
}
