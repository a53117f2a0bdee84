import Logging
import NIOCore
import PoolCore
import SpeechCore
import Wyoming

extension Supervisor {
    /// Gives a job to the worker behind a slot.
    func run(_ id: JobID, on slot: SlotID) {
        // The pool runs only jobs that have not ended, and only on open slots.
        guard let job = work[id], let worker = workers[slot.process], let link = worker.links[slot.index] else {
            return
        }
        link.job = id
        worker.knowsTexts = true
        job.audio?.start()
        if worker.info?.traits == nil { job.noteIgnoredOptions() }
        job.started = .now()
        job.predicted = .seconds(pool.predictedSeconds(engine: job.engine, units: job.units))
        job.failure = nil
        job.check = AudioCheck()
        send(job.request, to: slot)
    }

    /// Writes to a slot's worker. If that fails the connection closes, and that is news of its own.
    func send(_ event: WyomingClientEvent, to slot: SlotID) {
        guard let channel = currentLink(of: slot)?.channel else { return }
        var buffer = channel.allocator.buffer(capacity: 512)
        event.encode(into: &buffer)
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// A worker said something.
    func heard(_ event: WyomingServiceEvent, on slot: SlotID, link number: Int) {
        guard let link = currentLink(of: slot), link.number == number else { return }
        switch event {
        case .audioChunk(let chunk):
            // Audio of a job whose caller has left is on its way for a while.
            guard let id = link.job, let job = work[id], let audio = job.audio else {
                link.sampling?.heard(chunk)
                return
            }
            job.audioSeconds += chunk.duration / .seconds(1)
            pool.jobMoved(slot, now: now)
            let silence = pool.audioArrived(id, duration: chunk.duration, now: now)
            metrics.listenerWaited(engine: pool.instances[slot.process.instance.index].engine, for: silence)
            for piece in job.check.take(chunk) where !deliver(piece, of: id, to: audio, from: slot) {
                break
            }
        case .audioStop:
            if link.sampling != nil { sampleEnded(on: slot) } else { jobEnded(on: slot, link: link) }
        case .error(let text, let code):
            guard link.isOpen else {
                linkBroke(slot, link: number, because: "it answered with an error: \(text)")
                return
            }
            guard link.sampling == nil else {
                log(.warning, "A sample could not be spoken.", slot.process, [.reason: "\(text)"])
                if code == .outOfMemory, let sample = link.sampling?.current {
                    pool.sampleRanOut(slot.process, units: sample.units)
                }
                sampleEnded(on: slot)
                return
            }
            let isBadAudio = code == .badAudio && isMadeAgain(link.job, on: slot)
            let outcome: JobOutcome? = code == .outOfMemory ? .outOfMemory : isBadAudio ? .doubtful : nil
            jobEnded(on: slot, link: link, outcome: outcome) { work in
                guard outcome != .doubtful else { return }
                work.hasNothingToSay = code == .nothingToSay
                if code == .nothingToSay {
                    work.audio?.note(text)
                } else {
                    let isLate = work.deadline.map { $0 <= .now } ?? false
                    work.failure =
                        code == .cancelled && isLate ? .deadlineExceeded : SpeechError(workerSaid: text, code: code)
                }
            }
        case .info(let info):
            if link.isOpen { pool.heard(slot, now: now) } else { opened(slot, info) }
        case .pong:
            pool.heard(slot, now: now)
        case .userEvent(WyomingServiceEvent.progressName, _):
            link.sampling?.moved()
            pool.jobMoved(slot, now: now)
        case .userEvent(WyomingClientEvent.voiceName, let data):
            jobEnded(on: slot, link: link) { work in
                if case .object(let speaker)? = data["speaker"] { work.speaker = speaker }
            }
        case .userEvent(WyomingServiceEvent.noteName, let data):
            if let id = link.job, case .string(let text)? = data["text"] { work[id]?.audio?.note(text) }
        case .userEvent(WyomingServiceEvent.memoryName, let data):
            memoryReported(data, by: slot.process)
        case .audioStart, .userEvent, .other:
            break
        }
    }

    /// Gives a job's audio to its reader.
    /// - Returns: whether there may be more.
    private func deliver(_ piece: PCM, of id: JobID, to audio: any SegmentSink, from slot: SlotID) -> Bool {
        switch audio.append(piece) {
        case .taken: return true
        case .tooMuch:
            guard let link = currentLink(of: slot) else { return false }
            linkBroke(
                slot,
                link: link.number,
                because: "it made more than \(piece.mostSeconds) s of audio for one segment"
            )
        case .different:
            work[id]?.failure = .different
            perform(pool.jobUnusable(id, now: now))
        }
        return false
    }

    /// A job is to be made again, if it can be: nobody has heard any of it, or it is expected to be the same. The audio
    /// that was heard is compared, so another definition that makes something else ends in an error, never in a gap.
    func restart(_ id: JobID, because reason: PoolMetrics.RerunReason) -> Bool {
        guard let job = work[id] else { return false }
        // Doubted audio may be fine, and goes on if the next may be different: then the doubt would do the harm.
        let isDoubted = reason == .badAudio
        let isDeterministic = infos[job.engine]?.traits?.deterministic == true && !(isDoubted && isMixed(job.engine))
        guard job.restart(isDeterministic: isDeterministic, isDoubted: isDoubted) else { return false }
        metrics.rerun(engine: job.engine, because: reason)
        return true
    }

    /// - Parameters:
    ///   - outcome: unless it follows from what is noted.
    ///   - note: takes down how it ended, unless its caller has left.
    private func jobEnded(
        on slot: SlotID,
        link: SlotLink,
        outcome: JobOutcome? = nil,
        note: (Work) -> Void = { _ in }
    ) {
        guard let id = link.job else {
            linkBroke(slot, link: link.number, because: "it ended a job that it did not have")
            return
        }
        link.job = nil
        let ended = work[id]
        ended.map(note)
        let outcome = outcome ?? outcomeOf(id, on: slot)
        if let ended, ended.audioSeconds > 0 { peakReached(by: slot.process, units: ended.units) }
        perform(
            pool.jobEnded(
                id,
                on: slot,
                outcome: outcome,
                canRestart: outcome == .doubtful
                    || outcome == .outOfMemory && restart(id, because: .outOfMemory),
                audio: ended.flatMap { $0.audio == nil ? nil : .seconds($0.audioSeconds) },
                isSound: ended?.isSound ?? true,
                now: now
            )
        )
    }

    /// Whether another instance is to try a job of which this one has made no audio that could be sent.
    private func isMadeAgain(_ id: JobID?, on slot: SlotID) -> Bool {
        guard let id, work[id]?.audio != nil, pool.doubts(id, on: slot, audio: .zero, isSound: false) else {
            return false
        }
        return restart(id, because: .badAudio)
    }

    /// How a job ended that its worker calls done: well, unless that is not believed.
    private func outcomeOf(_ id: JobID, on slot: SlotID) -> JobOutcome {
        guard let ended = work[id] else { return .completed }
        guard ended.failure == nil else { return .failed }
        guard let audio = ended.audio, !ended.hasNothingToSay else { return .completed }
        let isDoubtful = pool.doubts(id, on: slot, audio: ended.check.duration, isSound: ended.check.isSound)
        if isDoubtful, restart(id, because: .badAudio) {
            log(
                .warning,
                "Audio is not believed, and made again by another instance.",
                slot.process,
                ["audio.seconds": "\(ended.check.duration / .seconds(1))", "audio.sound": "\(ended.check.isSound)"]
            )
            return .doubtful
        }
        for piece in ended.check.rest() {
            switch audio.append(piece) {
            case .taken: continue
            case .tooMuch: ended.failure = .tooMuchAudio(most: piece.mostSeconds)
            case .different: ended.failure = .different
            }
            return .failed
        }
        return .completed
    }

    /// Tells the caller how a job ended.
    func end(_ id: JobID, _ end: JobEnd) {
        guard let ended = work.removeValue(forKey: id) else { return }
        metrics.jobEnded(ended, end)
        switch end {
        case .completed:
            ended.finish()
        case .tooLarge(let needs, let has):
            ended.fail(.tooLarge(needs: needs, has: has))
        case .shed(let retryAfter):
            ended.fail(.shed(retryAfter: retryAfter))
        case .cancelled:
            ended.fail(.cancelled)
        case .deadlineExceeded:
            ended.fail(.deadlineExceeded)
        case .failed:
            ended.fail(ended.failure ?? SpeechError(.engineFailed, "The engine failed."))
        case .instanceLost:
            let message = "The engine's process failed while it spoke this text. Try again."
            ended.fail(SpeechError(.instanceLost, message, retryAfter: .seconds(1)))
        case .quarantined:
            ended.fail(.quarantined)
        case .unavailable(let retryAfter):
            ended.fail(.unavailable(retryAfter: retryAfter))
        case .waitedTooLong(let retryAfter):
            let limit = pool.configuration.maxWait(ended.jobClass).inWords
            let message = "No instance was free within \(limit). Try again later."
            ended.fail(SpeechError(.waitedTooLong, message, retryAfter: retryAfter))
        case .shutDown:
            ended.fail(SpeechError(.shuttingDown, "The server is shutting down.", retryAfter: .seconds(1)))
        }
    }
}

extension SpeechError {
    /// Why the pool did not take a job, in words for its caller.
    init(_ refusal: Admission.Refusal, configuration: PoolConfiguration) {
        switch refusal {
        case .queueFull(let retryAfter):
            let (jobs, bytes) = (configuration.maxJobs, configuration.maxQueuedBytes.inMebibytes)
            let message = "The queue is full: \(jobs) segments or \(bytes) of text wait already. Try again later."
            self.init(.queueFull, message, retryAfter: retryAfter)
        case .waitTooLong(let predicted, let retryAfter):
            let message = "It would wait for about \(predicted.inWords) until it is begun. Try again later."
            self = .overloaded(message, "wait_too_long", retryAfter: retryAfter, predicted: predicted)
        case .othersTooLate(let predicted, let retryAfter):
            let message = """
                Requests of yours that wait already would be late by about \(predicted.inWords) because of it. Try \
                again later.
                """
            self = .overloaded(message, "others_too_late", retryAfter: retryAfter)
        case .tooSlow(let predicted, let retryAfter):
            let message = """
                A text of this length would be held up by others for about \(predicted.inWords). Try again later, or \
                send less text.
                """
            self = .overloaded(message, "too_slow", retryAfter: retryAfter, predicted: predicted)
        case .standingQueue(let predicted, let retryAfter):
            let message = """
                More comes than can be spoken, and more urgent work goes first: it would wait for about \
                \(predicted.inWords). Try again later.
                """
            self = .overloaded(message, "standing_queue", retryAfter: retryAfter, predicted: predicted)
        case .deadlineTooEarly(let predicted, let retryAfter):
            let message = """
                It would be done in about \(predicted.inWords), which is after its deadline or too close to it. Try \
                again later, or give it more time.
                """
            self = .overloaded(message, "deadline_too_early", retryAfter: retryAfter, predicted: predicted)
        case .deadlineExceeded:
            self = .deadlineExceeded
        case .tenantLimit(let retryAfter):
            let limit = configuration.maxJobsPerTenant
            let message = "You have \(limit) segments waiting already, which is your limit. Try again later."
            self.init(.tenantLimit, message, retryAfter: retryAfter)
        case .tooLarge(let needs, let has):
            self = .tooLarge(needs: needs, has: has)
        case .quarantined:
            self = .quarantined
        case .unavailable(let retryAfter):
            self = .unavailable(retryAfter: retryAfter)
        case .shed(let retryAfter):
            self = .shed(retryAfter: retryAfter)
        case .shuttingDown:
            self.init(.shuttingDown, "The server is shutting down.", retryAfter: .seconds(1))
        }
    }

    /// More is to be done than can be done in time.
    /// - Parameter reason: a word for logs and metrics.
    private static func overloaded(
        _ message: String,
        _ reason: String,
        retryAfter: Duration,
        predicted: Duration? = nil
    ) -> SpeechError {
        SpeechError(.overloaded, message, retryAfter: retryAfter, predictedWait: predicted, reason: reason)
    }

    /// A text needs more bytes of memory than there are for it.
    static func tooLarge(needs: Int, has: Int) -> SpeechError {
        let message = """
            A part of this text needs \(needs.inMebibytes) of memory, more than the \(has.inMebibytes) that any device \
            has for it. Make its sentences shorter.
            """
        return SpeechError(.tooLarge, message)
    }

    /// The engine does not come to an end with a segment.
    static func tooMuchAudio(most seconds: Int) -> SpeechError {
        SpeechError(
            .engineFailed,
            "The engine made more than \(seconds) s of audio for one part of this text. Try again."
        )
    }

    /// No instance of the engine works, and none is being started.
    static func unavailable(retryAfter: Duration) -> SpeechError {
        SpeechError(
            .engineUnavailable,
            "The engine's processes end again and again, so it is tried again only now and then. Try again later.",
            retryAfter: retryAfter
        )
    }

    /// A text ends the engine's processes.
    static let quarantined = SpeechError(
        .quarantined,
        "The engine's processes end when they speak a part of this text, so it is not tried again. Change the text.",
        param: "input"
    )

    /// There is too little memory for work that nobody waits for.
    static func shed(retryAfter: Duration) -> SpeechError {
        SpeechError(.memoryShort, "Memory is short, and bulk work goes first. Try again later.", retryAfter: retryAfter)
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

extension PCM {
    /// How much audio like this a segment may have, in seconds.
    fileprivate var mostSeconds: Int { SegmentAudio.limitBytes / (2 * sampleRate) }
}

extension Duration {
    /// In seconds, for people.
    var inWords: String {
        let seconds = self / .seconds(1)
        return seconds < 10 ? "\((seconds * 10).rounded() / 10) s" : "\(Int(seconds.rounded())) s"
    }
}

extension Int {
    /// As bytes, for people.
    var inMebibytes: String { "\((self + (1 << 20) - 1) >> 20) MiB" }
}
