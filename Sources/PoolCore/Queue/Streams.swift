/// The utterances of several jobs that have not ended, and how much of them is still to come.
struct Streams: Sendable {
    /// The work of some streams that has not come yet.
    struct Later: Equatable {
        var load = Load()
        /// How many of the streams that have more to come have a deadline.
        var withDeadline = 0

        init() {}

        fileprivate init(_ stream: JobStream?) {
            guard let stream, stream.later.jobs > 0 else { return }
            load = stream.later
            withDeadline = stream.deadline == nil ? 0 : 1
        }

        fileprivate mutating func replace(_ before: Later, by after: Later) {
            load += after.load
            load -= before.load
            withDeadline += after.withDeadline - before.withDeadline
        }
    }

    private struct Owner: Hashable {
        let engine: Int
        let key: JobQueue.Key
    }

    private var all: [StreamID: JobStream] = [:]
    /// By engine.
    private var later: [Int: Later] = [:]
    private var laterOf: [Owner: Later] = [:]

    var isEmpty: Bool { all.isEmpty }

    /// A stream keeps its engine and its key as long as it is there.
    subscript(id: StreamID) -> JobStream? {
        _read { yield all[id] }
        _modify {
            let (owner, before) = (all[id].map { Owner(engine: $0.engine, key: $0.key) }, Later(all[id]))
            defer { note(id, owner, before) }
            yield &all[id]
        }
    }

    private mutating func note(_ id: StreamID, _ owner: Owner?, _ before: Later) {
        let after = Later(all[id])
        guard after != before, let owner = owner ?? all[id].map({ Owner(engine: $0.engine, key: $0.key) })
        else { return }
        later[owner.engine, default: Later()].replace(before, by: after)
        laterOf[owner, default: Later()].replace(before, by: after)
        if laterOf[owner] == Later() { laterOf[owner] = nil }
    }

    mutating func removeAll() { self = Streams() }

    /// Whether what is kept is what adding up gives, for tests. It costs O(n).
    var isConsistent: Bool {
        var added = Streams()
        for (id, stream) in all { added[id] = stream }
        let engines = Set(later.keys).union(added.later.keys)
        return added.laterOf == laterOf && engines.allSatisfy { later(engine: $0) == added.later(engine: $0) }
    }

    /// The work of an engine's streams that has not come yet.
    func later(engine: Int) -> Later { later[engine] ?? Later() }

    /// The work of the streams of a class and tenant that has not come yet.
    func later(engine: Int, of key: JobQueue.Key) -> Later { laterOf[Owner(engine: engine, key: key)] ?? Later() }

    /// Whether an engine has any.
    func has(engine: Int) -> Bool { all.values.contains { $0.engine == engine } }

    /// The streams of an engine.
    func of(engine: Int) -> some Sequence<(id: StreamID, stream: JobStream)> {
        all.lazy.filter { $1.engine == engine }.map { (id: $0, stream: $1) }
    }
}
