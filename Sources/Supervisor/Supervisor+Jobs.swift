import NIOCore
import PoolCore
import SpeechCore
import Wyoming

extension Supervisor {
    /// Gives a job to the worker behind a slot.
    func run(_ id: JobID, on slot: SlotID) {
        // The pool runs only jobs that have not ended, and only on open slots.
        guard let segment = work[id]?.segment, workers[slot.process]?.links[slot.index] != nil else { return }
        workers[slot.process]?.links[slot.index]?.job = id
        work[id]?.audio.start()
        work[id]?.started = .now()
        let voice = segment.voice.map { WyomingSynthesize.VoiceChoice(name: $0) }
        let event = WyomingSynthesize(text: segment.text, voice: voice, context: segment.context)
        send(.synthesize(event), to: slot)
    }

    /// Writes to a slot's worker. If that fails the connection closes, and that is news of its own.
    func send(_ event: WyomingClientEvent, to slot: SlotID) {
        guard let channel = workers[slot.process]?.links[slot.index]?.channel else { return }
        var buffer = channel.allocator.buffer(capacity: 512)
        event.encode(into: &buffer)
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// A worker said something.
    func heard(_ event: WyomingServiceEvent, on slot: SlotID, link number: Int) {
        guard let link = workers[slot.process]?.links[slot.index], link.number == number else { return }
        switch event {
        case .audioChunk(let chunk):
            // Audio of a job whose caller has left is on its way for a while.
            guard let id = link.job, let audio = work[id]?.audio else { return }
            if !audio.append(chunk) {
                let seconds = SegmentAudio.limitBytes / (2 * chunk.sampleRate)
                linkBroke(slot, link: number, because: "it made more than \(seconds) s of audio for one segment")
            }
        case .audioStop:
            jobEnded(on: slot, link: link, failure: nil)
        case .error(let text, let code):
            guard link.isOpen else {
                linkBroke(slot, link: number, because: "it answered with an error: \(text)")
                return
            }
            jobEnded(on: slot, link: link, failure: SpeechError(workerSaid: text, code: code))
        case .info(let info):
            if !link.isOpen { opened(slot, info) }
        case .audioStart, .pong, .userEvent, .other:
            break
        }
    }

    private func jobEnded(on slot: SlotID, link: SlotLink, failure: SpeechError?) {
        guard let id = link.job else {
            linkBroke(slot, link: link.number, because: "it ended a job that it did not have")
            return
        }
        workers[slot.process]?.links[slot.index]?.job = nil
        work[id]?.failure = failure
        perform(pool.jobEnded(id, on: slot, completed: failure == nil, now: now))
    }

    /// Tells the caller how a job ended.
    func end(_ id: JobID, _ end: JobEnd) {
        guard let ended = work.removeValue(forKey: id) else { return }
        metrics.jobEnded(ended, end)
        switch end {
        case .completed:
            ended.audio.finish()
        case .cancelled:
            // Its reader has left.
            break
        case .failed:
            ended.audio.fail(ended.failure ?? SpeechError(.engineFailed, "The engine failed."))
        case .instanceLost:
            let message = "The engine's process failed while it spoke this text. Try again."
            ended.audio.fail(SpeechError(.engineFailed, message))
        case .waitedTooLong(let retryAfter):
            let message = "No instance was free within \(configuration.pool.maxWait.inWords). Try again later."
            ended.audio.fail(SpeechError(.waitedTooLong, message, retryAfter: retryAfter))
        case .shutDown:
            ended.audio.fail(SpeechError(.shuttingDown, "The server is shutting down.", retryAfter: .seconds(1)))
        }
    }
}

extension SpeechError {
    /// Why the pool did not take a job, in words for its caller.
    init(_ refusal: Admission.Refusal, configuration: PoolConfiguration) {
        switch refusal {
        case .queueFull(let retryAfter):
            let message = "The queue is full: \(configuration.maxJobs) segments wait already. Try again later."
            self.init(.queueFull, message, retryAfter: retryAfter)
        case .waitTooLong(let predicted, let retryAfter):
            let limit = configuration.maxWait.inWords
            let message = "It would wait \(predicted.inWords), longer than the limit of \(limit). Try again later."
            self.init(.queueFull, message, retryAfter: retryAfter)
        case .tenantLimit(let retryAfter):
            let limit = configuration.maxJobsPerTenant
            let message = "You have \(limit) segments waiting already, which is your limit. Try again later."
            self.init(.tenantLimit, message, retryAfter: retryAfter)
        case .shuttingDown:
            self.init(.shuttingDown, "The server is shutting down.", retryAfter: .seconds(1))
        }
    }

    /// A worker's own words.
    init(workerSaid text: String, code: WyomingErrorCode) {
        switch code {
        case .badRequest: self.init(.refusedByEngine, "The engine refused the request: \(text)")
        case .outOfMemory: self.init(.engineFailed, "The engine ran out of memory: \(text)")
        default: self.init(.engineFailed, "The engine failed: \(text)")
        }
    }
}

extension Duration {
    /// In seconds, for people.
    var inWords: String {
        let seconds = self / .seconds(1)
        return seconds < 10 ? "\((seconds * 10).rounded() / 10) s" : "\(Int(seconds.rounded())) s"
    }
}
