/// Why speech could not be made, in words for the caller: what was wrong and what to do.
package struct SpeechError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is. The HTTP surface turns each into a status.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// The request is wrong in itself; `param` says where.
        package static let invalidRequest = Code("invalid_request")
        /// No engine or alias has this name.
        package static let modelNotFound = Code("model_not_found")
        /// The engine does not have this voice.
        package static let voiceNotFound = Code("voice_not_found")
        /// The name of a new voice is taken, or there are too many voices already.
        package static let voiceConflict = Code("voice_conflict")
        /// The engine refused the text or the options.
        package static let refusedByEngine = Code("refused_by_engine")
        /// There is nothing of this name.
        package static let notFound = Code("not_found")
        /// The text has ended two instances, and no third is to be lost to it.
        package static let quarantined = Code("text_quarantined")
        /// The text needs more memory than there is, however long it waits.
        package static let tooLarge = Code("text_too_large")
        /// There is too little memory for this now.
        package static let memoryShort = Code("memory_short")
        /// The tenant has too much waiting already.
        package static let tenantLimit = Code("tenant_limit_reached")
        /// The queue is full.
        package static let queueFull = Code("queue_full")
        /// It waited longer than the queue's limit without being started.
        package static let waitedTooLong = Code("waited_too_long")
        /// There is so much to do that it would wait too long, or not be ready by its deadline.
        package static let overloaded = Code("overloaded")
        /// Its deadline passed before all of it was there.
        package static let deadlineExceeded = Code("deadline_exceeded")
        /// The engine is still loading, or has no instance that works.
        package static let engineUnavailable = Code("engine_unavailable")
        /// The engine failed while it worked on this.
        package static let engineFailed = Code("engine_failed")
        /// The engine's process ended while it worked on this, and it could not be made again.
        package static let instanceLost = Code("instance_lost")
        /// What should be kept on the server's disk could not be.
        package static let storageFailed = Code("storage_failed")
        /// The server is shutting down.
        package static let shuttingDown = Code("shutting_down")
        /// The caller took the request back.
        package static let cancelled = Code("cancelled")
    }

    /// What kind of trouble it is.
    package var code: Code
    /// What was wrong and what to do, for the caller to read.
    package var message: String
    /// The request field that is to blame, if one is.
    package var param: String?
    /// When it makes sense to try again.
    package var retryAfter: Duration?
    /// How long it would have waited, when that was the reason.
    package var predictedWait: Duration?
    /// Which of several reasons for the same code it was, as a word for logs.
    package var reason: String?

    package var description: String { message }

    package init(
        _ code: Code,
        _ message: String,
        param: String? = nil,
        retryAfter: Duration? = nil,
        predictedWait: Duration? = nil,
        reason: String? = nil
    ) {
        self.code = code
        self.message = message
        self.param = param
        self.retryAfter = retryAfter
        self.predictedWait = predictedWait
        self.reason = reason
    }

    /// What is thrown to who waits for audio that has been given up.
    package static let cancelled = SpeechError(.cancelled, "The request was cancelled.")

    /// What is thrown to who waits for audio beyond its deadline.
    package static let deadlineExceeded = SpeechError(
        .deadlineExceeded,
        "The deadline passed before all of it was spoken. Give it more time, or send less text."
    )

    /// What is thrown to who has heard some of what is different when it is made again.
    package static let different = SpeechError(
        .engineFailed,
        "The engine failed in the middle of this text, and what it made of it then was not the same. Try again."
    )
}
