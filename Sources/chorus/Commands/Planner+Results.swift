import PoolCore

extension Planner {
    /// The devices, with what becomes of their memory.
    func planned(_ forecast: Forecast, _ candidates: [Candidate]) -> [Plan.Device] {
        forecast.devices.compactMap { device in
            guard let known = devices.first(where: { $0.name == device.name }) else { return nil }
            return Plan.Device(
                name: device.name,
                source: known.isGiven ? .given : .machine,
                model: known.isGiven ? nil : known.model,
                totalBytes: device.totalBytes,
                foreignBytes: device.foreignBytes,
                reserveBytes: device.reserveBytes,
                freeBytes: device.freeBytes,
                shares: device.shares.map { share in
                    let speed = candidates[share.engine].figures[device.name]?.speed
                    return Plan.Share(
                        engine: candidates[share.engine].engine.name,
                        instances: share.instances,
                        running: share.running,
                        instanceBytes: share.ownBytes,
                        sharedBytes: share.sharedBytes,
                        activationBytes: share.activationBytes,
                        audioSecondsPerSecond: speed?.audioPerSecond(running: share.running) ?? 0
                    )
                }
            )
        }
    }

    /// An engine, with what it can do.
    func engine(
        _ index: Int,
        _ candidate: Candidate,
        _ devices: [Plan.Device],
        _ forecast: Forecast
    ) async -> Plan.Engine {
        let shares = devices.flatMap(\.shares).filter { $0.engine == candidate.engine.name }
        let audio = shares.reduce(0) { $0 + $1.audioSecondsPerSecond }
        let known = candidate.engine.placements.compactMap { candidate.figures[$0.device] }
        let utterance = known.map(\.audioSeconds).reduce(0, +) / Double(max(1, known.count))
        let isMeasured = known.allSatisfy { if case .measured = $0.speed { true } else { false } }
        let speeds = candidate.figures.mapValues(\.speed)
        return Plan.Engine(
            name: candidate.engine.name,
            instances: shares.reduce(0) { $0 + $1.instances },
            running: shares.reduce(0) { $0 + $1.running },
            audioSecondsPerSecond: audio,
            audioSource: isMeasured ? .measured : .assumed,
            // What is whole but for the rounding of the last bit is whole.
            listeners: Int(audio + 1e-9),
            utterancesPerMinute: audio / utterance * 60,
            limit: limit(forecast.limit(engine: index), candidate),
            figures: figures(of: candidate),
            waits: audio > 0 ? await waits(index, speeds, audio: audio, utterance: utterance, forecast) : []
        )
    }

    private func waits(
        _ engine: Int,
        _ speeds: [String: ForecastSpeed],
        audio: Double,
        utterance: Double,
        _ forecast: Forecast
    ) async -> [Plan.Wait] {
        await withTaskGroup(of: Plan.Wait.self) { group in
            for load in Self.loads {
                group.addTask {
                    let perSecond = load * audio / utterance
                    var traffic = ForecastTraffic(
                        utterancesPerSecond: perSecond,
                        audioSeconds: utterance,
                        speeds: speeds
                    )
                    traffic.engine = engine
                    traffic.count = utterances
                    let waits = forecast.run(traffic)
                    return Plan.Wait(
                        load: load,
                        utterancesPerMinute: perSecond * 60,
                        meanSeconds: waits.mean / .seconds(1),
                        p95Seconds: waits.p95 / .seconds(1),
                        refused: waits.refused
                    )
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.load < $1.load }
        }
    }

    /// The figures of the engine, once for all devices that have the same.
    private func figures(of candidate: Candidate) -> [Plan.Figures] {
        var groups: [Plan.Figures] = []
        for placement in candidate.engine.placements {
            guard let known = candidate.figures[placement.device] else { continue }
            var items = known.items
            items.append(running(candidate, known))
            if placement.device == PlanDevice.host {
                items.append(
                    Plan.Figure(name: .cores, value: Double(cores), source: given.hasCores ? .given : .machine)
                )
            }
            if let index = groups.firstIndex(where: { $0.items == items }) {
                groups[index].devices.append(placement.device)
            } else {
                groups.append(Plan.Figures(devices: [placement.device], items: items))
            }
        }
        return groups
    }

    /// How many run at once on each device, for people.
    private func running(_ candidate: Candidate, _ known: PlanFigures) -> Plan.Figure {
        switch candidate.runningSource {
        case .measured:
            known.knee ?? Plan.Figure(name: .maxRunning, source: .assumed, note: Self.noKnee)
        case .assumed:
            Plan.Figure(name: .maxRunning, source: .assumed, note: Self.noKnee)
        case .given, .configured, .machine:
            Plan.Figure(
                name: .maxRunning,
                value: candidate.engine.maxRunning.map { Double($0) },
                source: candidate.runningSource
            )
        }
    }

    private static let noKnee = "where more are of no use is not known"

    // MARK: In words

    private func limit(_ limit: ForecastLimit, _ candidate: Candidate) -> Plan.Limit {
        switch limit {
        case .running(let device, let running, let instances):
            let loaded = "\(instances) are loaded there"
            if candidate.runningSource == .measured {
                let text = "The knee: more than \(running) at once were seen to make \(device) no faster; \(loaded)."
                return Plan.Limit(kind: .knee, text: text)
            }
            let name = candidate.runningSource == .given ? "--max-running" : "max_running"
            return Plan.Limit(
                kind: .maxRunning,
                text: "At most \(running) run at once on \(device) (\(name)); \(loaded)."
            )
        case .instances(let count):
            if candidate.engine.isElastic, count == cores,
                candidate.engine.placements.map(\.device) == [PlanDevice.host]
            {
                return Plan.Limit(kind: .cores, text: "Cores: each of the \(count) has its instance.")
            }
            return Plan.Limit(kind: .instances, text: "It may not have more than \(count) instances.")
        case .memory(let device, let needed, let left):
            let (needs, has) = PlanText.apart(needed, left)
            let text = "Memory: one more instance on \(device) needs \(needs), \(has) is left."
            return Plan.Limit(kind: .memory, text: text)
        }
    }

    /// What has to be known to read a plan rightly.
    func notes(_ plan: Plan) -> [String] {
        var notes: [String] = []
        if plan.engines.contains(where: { $0.audioSource == .assumed }) {
            notes.append(
                """
                That instances do not slow each other down is assumed, and not likely on one device. 'chorus serve' \
                measures under load how much is made by how many run; where it has, the plan uses that.
                """
            )
        }
        for engine in plan.engines where engine.running > 0 {
            let each = engine.audioSecondsPerSecond / Double(engine.running)
            guard each < 1 else { continue }
            notes.append(
                """
                An instance of \(engine.name) makes \(PlanText.fixed(each, 2)) s of audio a second when all run: \
                slower than it is listened to.
                """
            )
        }
        if plan.devices.contains(where: { $0.foreignBytes > 0 }) {
            notes.append("FOREIGN is what is in use now; what a server holds that runs here is part of it.")
        }
        return notes
    }
}
