import PoolCore

// Those who speak.

extension TrafficSimulator {
    /// A job, from its arrival on.
    struct Work: Sendable {
        let talk: Int
        let segment: Int
        let arrived: Instant
        /// What it runs on, while it does.
        var slot: SlotID?
        var since = Instant.start
        /// What is sent at once takes so long to make, and lasts so long, in seconds.
        var step = (work: 0.0, audio: 0.0)
        /// How often something will still be sent.
        var chunksLeft = 0
        /// Seconds of audio that its listener has not had.
        var unheard = 0.0
        var isInterrupted = false
        /// All its audio is made, and the pool has said so.
        var isDone = false
    }

    mutating func run(_ job: Int, on slot: SlotID) {
        let speech = plan.speech
        let talk = talks[works[job].talk]
        let units = Double(talk.segments[works[job].segment])
        let audio = units * speech.audioPerUnit
        let chunks = max(1, (audio / speech.chunk).rounded(.up))
        var random = SplitMix64(seed: talk.key &+ UInt64(works[job].segment))
        let pace = 1 + speech.noise * Double.random(in: -1...1, using: &random)
        running[slot] = job
        works[job].slot = slot
        works[job].since = now
        works[job].chunksLeft = Int(chunks)
        works[job].step = (units * speech.secondsPerUnit * pace / chunks, audio / chunks)
        events.insert(.chunk(job), at: now.advanced(by: .seconds(speech.overhead + works[job].step.work)))

        let wait = talk.asked.duration(to: now) / .seconds(1)
        if isCounted(talk.record), now <= Instant.start.advanced(by: .seconds(plan.seconds)) {
            result.starts.count += 1
            result.starts.waited += works[job].arrived.duration(to: now) / .seconds(1)
        }
        if works[job].segment == 0 { talks[works[job].talk].record.wait = wait }
    }

    /// A job has made something. One that has been interrupted notices it only now.
    mutating func makeChunk(_ job: Int) {
        guard let slot = works[job].slot else { return }
        works[job].chunksLeft -= 1
        let isLast = works[job].chunksLeft == 0
        let length = works[job].step.audio
        if !works[job].isInterrupted {
            audioArrived(job, seconds: length)
            works[job].unheard += length
            wake(works[job].talk)
        }
        guard isLast || works[job].isInterrupted else {
            events.insert(.chunk(job), at: now.advanced(by: .seconds(works[job].step.work)))
            return
        }
        leave(slot)
        let units = Double(talks[works[job].talk].segments[works[job].segment])
        let audio = Duration.seconds(units * plan.speech.audioPerUnit)
        let id = JobID(UInt64(job))
        perform(pool.jobEnded(id, on: slot, outcome: .completed, canRestart: false, audio: audio, now: now))
    }

    private mutating func audioArrived(_ job: Int, seconds: Double) {
        pool.audioArrived(JobID(UInt64(job)), duration: .seconds(seconds), now: now)
    }

    /// What runs on a slot, if anything does, runs no more.
    mutating func leave(_ slot: SlotID) {
        guard let job = running.removeValue(forKey: slot) else { return }
        count(works[job])
        works[job].slot = nil
    }

    /// Adds what a job has worked between warm-up and end.
    mutating func count(_ work: Work) {
        func moment(_ seconds: Double) -> Instant { Instant.start.advanced(by: .seconds(seconds)) }
        let (from, until) = (max(work.since, moment(plan.warmUpSeconds)), min(now, moment(plan.seconds)))
        guard from < until else { return }
        result.secondsByTenant[talks[work.talk].record.tenant, default: 0] += from.duration(to: until) / .seconds(1)
    }
}
