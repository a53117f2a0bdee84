// Predictions of jobs, from measurements.

extension Pool {
    /// How long a text is predicted to take on a slot on average, in seconds.
    package func predictedSeconds(engine: Int, units: Int) -> Double { pace(engine: engine).mean(units: units) }

    /// How long texts take on a slot, on the mean of the devices that serve, or of all that are known.
    func pace(engine: Int) -> Pace {
        var pace = Pace(base: 0, perUnit: 0, margin: 0)
        let count = forEachMeasured(engine: engine, \.seconds) { fit in
            guard let line = fit.line else { return }
            pace.base += line.base
            pace.perUnit += line.perUnit
            pace.margin += line.margin
        }
        guard count > 0 else { return Pace(base: 0, perUnit: Self.unknownSeconds, margin: 0) }
        return Pace(
            base: pace.base / Double(count),
            perUnit: pace.perUnit / Double(count),
            margin: pace.margin / Double(count)
        )
    }

    /// How much audio a text is predicted to become, in seconds.
    func predictedAudio(engine: Int, units: Int) -> Double {
        guard units > 0 else { return 0 }
        var sum = 0.0
        let count = forEachMeasured(engine: engine, \.audioSeconds) { sum += $0.mean(units: units) ?? 0 }
        return count > 0 ? sum / Double(count) : Self.unknownAudio * Double(units)
    }

    /// Whether predictions of what an engine takes have shown what they are worth, on each device that counts.
    package func isProven(engine: Int) -> Bool {
        var isProven = true
        let count = forEachMeasured(engine: engine, \.seconds) { isProven = isProven && $0.isProven }
        return count > 0 && isProven
    }

    /// Whether a job of the engine has been timed.
    func isTimed(engine: Int) -> Bool { figures[engine].contains { $0.seconds.count > 0 } }

    /// Shows what was measured on each device: on those that serve, or on all if none of them does.
    /// - Returns: how many these are.
    private func forEachMeasured(
        engine: Int,
        _ fit: (EngineFigures) -> LinearFit,
        _ show: (LinearFit) -> Void
    ) -> Int {
        let measured = figures[engine]
        for isServing in [true, false] {
            var count = 0
            for device in measured.indices
            where !isServing || instances.count(engine: engine, device: device).readySlots > 0 {
                let known = fit(measured[device])
                guard known.count > 0 else { continue }
                show(known)
                count += 1
            }
            if count > 0 { return count }
        }
        return 0
    }

    /// Seconds that a unit takes, and seconds of audio that it becomes, before anything has been measured. Only the
    /// order of the first jobs is to depend on it.
    private static var unknownSeconds: Double { 0.0005 }
    private static var unknownAudio: Double { 0.065 }

    /// Slots of an engine that may all be at work.
    func usableSlots(engine: Int) -> Int {
        let measured = figures[engine]
        return devices.indices.reduce(0) { sum, device in
            let slots = instances.count(engine: engine, device: device).readySlots
            return slots == 0 ? sum : sum + min(slots, maxRunning(engine: engine, slots: slots, measured[device]))
        } - idleSpareSlots(engine: engine)
    }

    /// When each of the slots that may be at work is predicted to be free.
    func slotOutlooks(engine: Int, now: Instant) -> [QueueForecast.SlotOutlook] {
        let pace = pace(engine: engine)
        var busy: [QueueForecast.SlotOutlook] = []
        // The slots of a draining instance are not usable.
        for instance in instances where instance.engine == engine && instance.isReady {
            for slot in instance.slots {
                guard case .busy(let id) = slot.state, let job = jobs[id], case .running(_, let since, _) = job.state
                else { continue }
                let elapsed = since.duration(to: now) / .seconds(1)
                // A job that takes longer than predicted may well go on.
                let left = max(pace.high(units: job.units) - elapsed, pace.mean(units: job.units) * Self.overrun)
                busy.append(.init(free: left, stream: job.request.stream))
            }
        }
        let usable = max(0, usableSlots(engine: engine))
        // If fewer slots are to run than are busy, the first ones that become free take no next job.
        if busy.count >= usable { return Array(busy.sorted { $0.free < $1.free }.suffix(usable)) }
        return busy + Array(repeating: .init(free: 0), count: usable - busy.count)
    }

    /// How long what runs is predicted to go on, all of it together, in seconds.
    func runningSeconds(engine: Int, now: Instant) -> Double {
        slotOutlooks(engine: engine, now: now).reduce(0) { $0 + $1.free }
    }

    /// How much longer something goes on that should have ended, as a part of what was predicted.
    private static var overrun: Double { 0.1 }

    /// How long what waits and runs takes the slots.
    /// - Parameter key: whose jobs count of what waits; `nil` counts all.
    func backlog(engine: Int, of key: JobQueue.Key? = nil, now: Instant) -> Duration {
        let load = key.map { queues[engine].load(of: $0) } ?? queues[engine].load
        let slots = Double(max(1, usableSlots(engine: engine)))
        return .seconds((pace(engine: engine).mean(load) + runningSeconds(engine: engine, now: now)) / slots)
    }
}
