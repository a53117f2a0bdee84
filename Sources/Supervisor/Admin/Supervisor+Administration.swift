import Glibc
import Logging
import PoolCore
package import SpeechCore

/// What those decide who run the pool, and what is said of its troubles.
extension Supervisor {
    // MARK: Definitions

    /// How new instances of an engine are started.
    func definition(of engine: Int) -> SupervisorConfiguration.Engine {
        definition(engine: engine, revision: pool.revisions[engine].current)
    }

    /// How a process was started.
    func definition(of process: ProcessID) -> SupervisorConfiguration.Engine {
        let instance = pool.instances[process.instance.index]
        return definition(engine: instance.engine, revision: instance.revision)
    }

    func definition(engine: Int, revision: Int) -> SupervisorConfiguration.Engine {
        guard let definition = definitions[engine][revision] else {
            preconditionFailure("the pool numbers the definitions that it was told of")
        }
        return definition
    }

    /// The pool is to be as another configuration has it. What that says of where sockets are, and of who looks at the
    /// memory, is left as it is.
    /// - Returns: what it means to each engine, the ones that go last.
    package func reload(_ next: SupervisorConfiguration) -> [EngineChange] {
        guard !pool.isStopping else { return [] }
        var plan = next.pool
        plan.engines = next.engines.map(\.plan)
        // An engine may become what it was before.
        saveFigures()
        watch?.prepare(&plan, engines: next.engines)
        var engines = pool.configuration.engines
        var changes: [EngineChange] = []
        var replaced: Set<Int> = []
        var places: [Int] = []
        for (engine, planned) in zip(next.engines, plan.engines) {
            let known = engines.firstIndex { $0.name == engine.name }
            let index = known ?? engines.count
            let change = known.map { self.change(of: $0, to: engine, planned) } ?? EngineChange.Kind.added
            if known == nil { engines.append(planned) } else { engines[index] = planned }
            if known != nil, change == .added || change == .replaced { replaced.insert(index) }
            places.append(index)
            changes.append(EngineChange(engine: engine.name, change: change))
        }
        for index in order where !places.contains(index) {
            engines[index].placements = []
            engines[index].instances = 0...0
            engines[index].spares = 0
            changes.append(EngineChange(engine: engines[index].name, change: .removed))
        }
        for engine in engines[definitions.count...] {
            definitions.append([:])
            metrics.add(engine: engine.name)
        }
        plan.engines = engines
        let actions = pool.reconfigured(plan, replaced: replaced, now: now)
        for (index, engine) in zip(places, next.engines) { define(index, engine) }
        order = places
        perform(actions)
        publishNames()
        readMemory()
        return changes
    }

    private func define(_ index: Int, _ engine: SupervisorConfiguration.Engine) {
        definitions[index][pool.revisions[index].current] = engine
        // Those that no process was started from, and that nothing goes back to, are forgotten.
        var used = Set(pool.instances.lazy.filter { $0.engine == index && $0.hasProcess }.map(\.revision))
        used.insert(pool.revisions[index].current)
        if let previous = pool.revisions[index].previous { used.insert(previous) }
        definitions[index] = definitions[index].filter { used.contains($0.key) }
    }

    private func change(
        of index: Int,
        to engine: SupervisorConfiguration.Engine,
        _ planned: PoolConfiguration.Engine
    ) -> EngineChange.Kind {
        let old = pool.configuration.engines[index]
        if old.placements.isEmpty { return .added }
        if !definition(of: index).startsLike(engine) { return .replaced }
        let isSame = old.placements == planned.placements && old.instances == planned.instances
        return isSame ? .unchanged : .scaled
    }

    /// Templates that no instance will be copied from any more end when their copies have.
    func endOldTemplates(engine: Int) {
        for (id, template) in templates where id.engine == engine {
            let isGone = pool.configuration.engines[engine].placements.isEmpty
            guard isGone || id.revision != pool.revisions[engine].current else { continue }
            let isUsed = pool.instances.contains {
                $0.engine == engine && $0.revision == id.revision && $0.hasProcess
            }
            guard !isUsed, isGone || pool.revisions[engine].previous != id.revision, let pid = template.pid else {
                continue
            }
            keeper.signal(SIGTERM, to: pid)
        }
    }

    // MARK: PoolAdministrator

    /// See `PoolAdministrator`.
    package func quarantine() -> [QuarantinedText] {
        pool.quarantined(now: now).map { entry in
            QuarantinedText(
                id: entry.text.hex,
                engine: pool.configuration.engines[entry.engine].name,
                deaths: entry.deaths,
                age: entry.age / .seconds(1),
                refused: entry.refused
            )
        }
    }

    /// See `PoolAdministrator`.
    package func release(quarantined id: String?) -> Int {
        guard let id else { return pool.released(nil, now: now) }
        return TextDigest(hex: id).map { pool.released($0, now: now) } ?? 0
    }

    /// See `PoolAdministrator`.
    package func drain(instance name: String) throws(SpeechError) {
        perform(pool.drainRequested(of: try instance(named: name), now: now))
        publish()
    }

    /// See `PoolAdministrator`.
    package func restart(instance name: String) throws(SpeechError) {
        perform(pool.restartRequested(of: try instance(named: name), now: now))
        publish()
    }

    /// See `PoolAdministrator`.
    package func scale(engine name: String, instances: Int) throws(SpeechError) {
        guard let index = order.first(where: { pool.configuration.engines[$0].name == name }) else {
            throw SpeechError(.modelNotFound, "There is no engine named \(name).")
        }
        guard Self.instanceCounts.contains(instances) else {
            let (least, most) = (Self.instanceCounts.lowerBound, Self.instanceCounts.upperBound)
            throw SpeechError(.invalidRequest, "`instances` must be from \(least) to \(most).", param: "instances")
        }
        var plan = pool.configuration
        let wanted = instances + plan.engines[index].spares
        let count = plan.engines[index].placements.count
        for place in plan.engines[index].placements.indices {
            // Dealt to the devices in turn.
            plan.engines[index].placements[place].maximum = (wanted + count - 1 - place) / count
        }
        plan.engines[index].instances = wanted...wanted
        perform(pool.reconfigured(plan, replaced: [], now: now))
        publish()
    }

    /// Instances that an engine may have.
    private static let instanceCounts = 1...256

    private func instance(named name: String) throws(SpeechError) -> InstanceID {
        guard let instance = pool.instances.first(where: { self.name(of: $0.id) == name }) else {
            throw SpeechError(.notFound, "There is no instance named \(name.prefix(64)). GET /v1/pool lists all.")
        }
        return instance.id
    }

    // MARK: Reports

    /// An instance was given up for now.
    func reportParked(_ id: InstanceID) {
        let failure = lastFailures[pool.instances[id.index].engine]
        logger.error(
            "An instance is parked: its processes end again and again. It is tried again now and then.",
            metadata: [
                .instance: "\(name(of: id))",
                .exit: "\(failure?.ending ?? "unknown")",
                .lastWords: "\(failure?.lastWords.joined(separator: " / ") ?? "")",
            ]
        )
    }

    /// A new definition does not work.
    func reportRolledBack(_ engine: Int) {
        let failure = lastFailures[engine]
        logger.error(
            "An engine's new definition does not work. It goes on as it was before.",
            metadata: [
                "engine.name": "\(pool.configuration.engines[engine].name)",
                .exit: "\(failure?.ending ?? "unknown")",
                .lastWords: "\(failure?.lastWords.joined(separator: " / ") ?? "")",
            ]
        )
    }

    /// Why an engine cannot be loaded.
    func startError(of engine: Int) -> EngineStartError {
        let failure = lastFailures[engine]
        return EngineStartError(
            engine: pool.configuration.engines[engine].name,
            ending: failure?.ending ?? "nobody knows how",
            lastWords: failure?.lastWords ?? []
        )
    }
}

extension SupervisorConfiguration.Engine {
    /// Whether instances of both are started in the same way.
    func startsLike(_ other: Self) -> Bool {
        command == other.command && ownEnvironment == other.ownEnvironment && usesTemplate == other.usesTemplate
            && usesMPS == other.usesMPS && user == other.user
    }
}
