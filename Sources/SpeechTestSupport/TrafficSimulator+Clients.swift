import Glibc
import PoolCore
import SpeechCore

// Those who ask and listen.

extension TrafficSimulator {
    /// An utterance on its way.
    struct Talk: Sendable {
        var record: TrafficUtterance
        let segments: [Int]
        /// The same for the same utterance, whatever the pool does.
        let key: UInt64
        /// Who waits for it, if that one begins anew after it.
        var client: Client?
        /// What it is called in the pool since it was asked for the last time.
        var stream = TrafficSimulator.noStream
        var asked = Instant.start
        /// Which segments are submitted: what the pipeline decides with.
        var turns: UtteranceWindow
        /// Jobs that have been submitted and not heard to their end; the head is the one that is heard.
        var window: [Int] = []
        /// When its listener will have played all that has come; `nil` before the first audio.
        var dryAt: Instant?
        /// When it is to be complete.
        var deadline: Instant?
    }

    /// What an utterance is called that is not in the pool.
    private static let noStream = StreamID(0)

    // MARK: Coming

    mutating func addArrivals(of source: Int) {
        let kind = plan.sources[source]
        var random = SplitMix64(seed: key(source, 0, 0))
        func moment(_ seconds: Double) -> Instant { Instant.start.advanced(by: .seconds(seconds)) }
        switch kind.arrivals {
        case .poisson(let perSecond, let from, let until):
            var at = from
            var number = 0
            while true {
                at += -log(1 - Double.random(in: 0..<1, using: &random)) / perSecond
                guard at < min(until, plan.seconds) else { return }
                number += 1
                add(Client(source: source, number: number), units: nil, at: moment(at), isClosed: false)
            }
        case .burst(let count, let at):
            for number in 1...max(1, count) {
                add(Client(source: source, number: number), units: nil, at: moment(at), isClosed: false)
            }
        case .recorded(let arrivals):
            for (number, one) in arrivals.enumerated() {
                add(Client(source: source, number: number), units: one.units, at: moment(one.at), isClosed: false)
            }
        case .closed(let clients, let within):
            for number in 0..<clients {
                let at = within * Double(number) / Double(clients)
                events.insert(.begin(Client(source: source, number: number)), at: moment(at))
            }
        }
    }

    mutating func begin(_ client: Client) {
        guard now <= Instant.start.advanced(by: .seconds(plan.seconds)) else { return }
        var client = client
        client.begun += 1
        add(client, units: nil, at: now, isClosed: true)
    }

    private mutating func add(_ client: Client, units: Int?, at: Instant, isClosed: Bool) {
        let source = plan.sources[client.source]
        let key = key(client.source, client.number, client.begun)
        var random = SplitMix64(seed: key)
        let size = Int.random(in: source.units, using: &random)
        let record = TrafficUtterance(
            source: client.source,
            tenant: source.tenant,
            jobClass: source.jobClass,
            units: units ?? size,
            arrivedAt: at.sinceStart / .seconds(1)
        )
        let segments = TrafficSpeech.segments(units: record.units)
        talks.append(
            Talk(
                record: record,
                segments: segments,
                key: random.next(),
                client: isClosed ? client : nil,
                turns: UtteranceWindow(count: segments.count, width: result.slots)
            )
        )
        events.insert(.ask(talks.count - 1), at: at)
    }

    private func key(_ source: Int, _ client: Int, _ begun: Int) -> UInt64 {
        [source, client, begun].reduce(seed) { key, number in
            var random = SplitMix64(seed: key &+ UInt64(number) &+ 1)
            return random.next()
        }
    }

    // MARK: Asking

    mutating func ask(_ talk: Int) {
        let source = plan.sources[talks[talk].record.source]
        streamsMade += 1
        talks[talk].stream = StreamID(streamsMade)
        talks[talk].asked = now
        talks[talk].turns = UtteranceWindow(count: talks[talk].segments.count, width: result.slots)
        let stream = talks[talk].stream
        if let deadline = source.deadline {
            let at = now.advanced(by: .seconds(deadline))
            talks[talk].deadline = at
            events.insert(.giveUp(talk, stream: stream, .expired), at: at)
        }
        var random = SplitMix64(seed: talks[talk].key &+ stream.number)
        if source.leaving > 0, Double.random(in: 0..<1, using: &random) < source.leaving {
            let at = now.advanced(by: .seconds(Double.random(in: 0..<10, using: &random)))
            events.insert(.giveUp(talk, stream: stream, .cancelled), at: at)
        }
        topUp(talk)
    }

    /// Submits what the window has room for. The pool hears of it a moment later.
    private mutating func topUp(_ talk: Int) {
        var (turns, lookahead) = (talks[talk].turns, lookahead)
        let limit = lookaheadLimit
        func takePermit() -> Bool {
            guard lookahead < limit else { return false }
            lookahead += 1
            return true
        }
        while let segment = turns.submitNext(isHeadRead: true, takePermit: takePermit) {
            talks[talk].window.append(works.count)
            events.insert(.submit(works.count, stream: talks[talk].stream), at: soon)
            works.append(Work(talk: talk, segment: segment, arrived: now))
        }
        (talks[talk].turns, self.lookahead) = (turns, lookahead)
    }

    /// As in the pipeline.
    private var lookaheadLimit: Int { UtteranceWindow.permits(slots: result.slots) }

    /// When news that is sent now has gone from one part of the server to another.
    private var soon: Instant { now.advanced(by: .seconds(plan.hop)) }

    /// A segment comes to the pool, unless its utterance is over.
    mutating func submit(_ job: Int, stream: StreamID) {
        let (talk, segment) = (works[job].talk, works[job].segment)
        guard talks[talk].stream == stream else { return }
        let (one, source) = (talks[talk], plan.sources[talks[talk].record.source])
        let request = JobRequest(
            id: JobID(UInt64(job)),
            engine: 0,
            tenant: source.tenant,
            isContinuation: segment > 0,
            jobClass: source.jobClass,
            units: one.segments[segment],
            // What is one job is no stream, as in the supervisor.
            stream: one.segments.count > 1 ? one.stream : nil,
            laterUnits: one.segments[(segment + 1)...].reduce(0, +),
            laterJobs: one.segments.count - segment - 1,
            laterAtOnce: UtteranceWindow.atOnce(
                later: one.segments.count - segment - 1,
                width: result.slots,
                permits: lookaheadLimit - lookahead
            ),
            isPlayed: source.isPlayed,
            toleratesGaps: source.toleratesGaps,
            deadline: one.deadline,
            bytes: one.segments[segment]
        )
        switch pool.jobArrived(request, now: now) {
        case .accepted(let actions):
            if segment == 0 {
                talks[talk].record.isAdmitted = true
                talks[talk].turns.admitted()
                topUp(talk)
            }
            perform(actions)
        case .refused(let refusal):
            talks[talk].record.predictedWait = refusal.predicted.map { $0 / .seconds(1) }
            turnAway(talk, retryAfter: refusal.retryAfter)
        }
    }

    // MARK: Listening

    /// There is something to be heard, a moment later.
    mutating func wake(_ talk: Int) { events.insert(.hear(talk, stream: talks[talk].stream), at: soon) }

    /// Takes all that there is of the head, and of what becomes the head then.
    mutating func hear(_ talk: Int) {
        while let head = talks[talk].window.first {
            if works[head].unheard > 0 { play(works[head].unheard, of: talk) }
            works[head].unheard = 0
            guard works[head].isDone else { break }
            talks[talk].window.removeFirst()
            lookahead -= talks[talk].turns.headRead()
        }
        topUp(talk)
        if talks[talk].turns.isDone, talks[talk].record.outcome == nil { close(talk, .spoken) }
    }

    private mutating func play(_ seconds: Double, of talk: Int) {
        var one = talks[talk]
        if let dryAt = one.dryAt, dryAt < now {
            let gap = dryAt.duration(to: now) / .seconds(1)
            one.record.underruns += 1
            one.record.longestUnderrun = max(one.record.longestUnderrun, gap)
            one.record.totalUnderrun += gap
        }
        if one.dryAt == nil { one.record.firstAudio = one.asked.duration(to: now) / .seconds(1) }
        one.dryAt = max(one.dryAt ?? now, now).advanced(by: .seconds(seconds))
        talks[talk] = one
    }

    // MARK: Leaving

    /// What became of a job in the pool.
    mutating func end(_ job: Int, _ end: JobEnd) {
        let talk = works[job].talk
        guard talks[talk].window.contains(job) else { return }
        if end == .completed {
            works[job].isDone = true
            wake(talk)
        } else if let retryAfter = end.retryAfter {
            turnAway(talk, retryAfter: retryAfter)
        } else {
            close(talk, .expired)
        }
    }

    /// The utterance is not to be spoken now. Its client comes again when it was told to, if it has the patience.
    private mutating func turnAway(_ talk: Int, retryAfter: Duration?) {
        let record = talks[talk].record
        guard let retryAfter, record.firstAudio == nil, record.tries < plan.sources[record.source].tries else {
            return close(talk, .refused)
        }
        takeBack(talk)
        talks[talk].record.tries += 1
        talks[talk].record.isAdmitted = false
        events.insert(.ask(talk), at: now.advanced(by: retryAfter))
    }

    /// The utterance is over.
    mutating func close(_ talk: Int, _ outcome: TrafficUtterance.Outcome) {
        guard talks[talk].record.outcome == nil else { return }
        takeBack(talk)
        talks[talk].record.outcome = outcome
        result.endedAt = now.sinceStart / .seconds(1)
        if outcome == .spoken { talks[talk].record.total = talks[talk].asked.duration(to: now) / .seconds(1) }
        guard let client = talks[talk].client else { return }
        // Who was turned away does not ask again in the same moment.
        let pause = outcome == .spoken ? now : now.advanced(by: .seconds(1))
        let isPlayed = plan.sources[client.source].isPlayed
        events.insert(.begin(client), at: isPlayed ? max(pause, talks[talk].dryAt ?? now) : pause)
    }

    /// Nothing of it is wanted any more.
    private mutating func takeBack(_ talk: Int) {
        let jobs = talks[talk].window
        let stream = talks[talk].stream
        talks[talk].window = []
        talks[talk].stream = Self.noStream
        lookahead -= talks[talk].turns.end()
        for job in jobs { perform(pool.jobCancelled(JobID(UInt64(job)), now: now)) }
        if stream != Self.noStream { pool.streamEnded(stream) }
    }

    func isCounted(_ record: TrafficUtterance) -> Bool {
        record.arrivedAt >= plan.warmUpSeconds && record.arrivedAt <= plan.seconds
    }
}

extension Admission.Refusal {
    /// When to come again.
    fileprivate var retryAfter: Duration? {
        switch self {
        case .queueFull(let retryAfter), .tenantLimit(let retryAfter), .shed(let retryAfter),
            .unavailable(let retryAfter),
            .waitTooLong(_, let retryAfter), .othersTooLate(_, let retryAfter), .tooSlow(_, let retryAfter),
            .deadlineTooEarly(_, let retryAfter), .standingQueue(_, let retryAfter):
            retryAfter
        case .deadlineExceeded, .tooLarge, .quarantined, .shuttingDown: nil
        }
    }

    /// How long it would have waited.
    fileprivate var predicted: Duration? {
        switch self {
        case .waitTooLong(let predicted, _), .othersTooLate(let predicted, _), .tooSlow(let predicted, _),
            .deadlineTooEarly(let predicted, _), .standingQueue(let predicted, _):
            predicted
        case .queueFull, .tenantLimit, .deadlineExceeded, .shed, .tooLarge, .quarantined, .unavailable, .shuttingDown:
            nil
        }
    }
}

extension JobEnd {
    /// When to come again.
    fileprivate var retryAfter: Duration? {
        switch self {
        case .waitedTooLong(let retryAfter), .shed(let retryAfter), .unavailable(let retryAfter): retryAfter
        case .completed, .failed, .instanceLost, .quarantined, .deadlineExceeded, .tooLarge, .cancelled, .shutDown: nil
        }
    }
}
