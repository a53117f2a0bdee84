/// Turns utterances into audio. The HTTP surface speaks to this and to nothing behind it.
package protocol Synthesizer: Sendable {
    /// What callers may name as `model`, the default first.
    var models: [SpeechModel] { get }

    /// The voices that a model offers, aliases included.
    /// - Throws: `modelNotFound`, `engineUnavailable`.
    func voices(model: String?) throws(SpeechError) -> [OfferedVoice]

    /// Begins to speak. Returns as soon as the utterance is known to be valid; the audio comes from the stream.
    /// - Throws: `modelNotFound`, `voiceNotFound`, `engineUnavailable`, `queueFull`.
    func speak(_ utterance: Utterance) throws(SpeechError) -> any SpeechStream

    /// Makes a voice for a model's engine and keeps it under a name, by which it can be chosen from then on.
    /// Writes to the disk: not for a thread that others wait for.
    /// - Parameters:
    ///   - tenant: who is charged.
    ///   - priority: how urgent it is.
    /// - Throws: `invalidRequest`, `modelNotFound`, `engineUnavailable`, `voiceConflict`, `refusedByEngine`,
    ///   `storageFailed`, and what segments fail with.
    func makeVoice(
        named name: String,
        model: String?,
        from recipe: VoiceRecipe,
        description: String?,
        tenant: String,
        priority: Priority
    ) async throws(SpeechError) -> OfferedVoice

    /// Forgets a voice that was made. What is being spoken with it is spoken to its end.
    /// Writes to the disk: not for a thread that others wait for.
    /// - Throws: `modelNotFound`, `engineUnavailable`, `voiceNotFound`, `storageFailed`; `invalidRequest` for a voice
    ///   that was not made here.
    func deleteVoice(named name: String, model: String?) throws(SpeechError)
}

/// The audio of one utterance, in order. One reader. Dropping it cancels what is left of it.
package protocol SpeechStream: AnyObject, Sendable {
    /// How many segments the text was cut into; at least 1.
    var segmentCount: Int { get }

    /// The next piece of audio, or `nil` after the last one. Suspends until there is one. All have one sample rate.
    /// - Throws: what went wrong; after an error or `nil` there is nothing more.
    func next() async throws(SpeechError) -> PCM?

    /// Gives up: frees what the utterance holds. A waiting `next` throws `cancelled`. May be called more than once,
    /// from anywhere.
    func cancel()

    /// How long the first segment waited and worked, as far as that is known now.
    var timing: SegmentTiming { get }

    /// What the engine remarked on the text that was read so far, for the caller; in the text's order.
    var notes: [String] { get }
}

/// Where the time of a segment went.
package struct SegmentTiming: Sendable, Equatable {
    /// From its arrival in the queue until an instance took it.
    package var queued: Duration?
    /// From then until its first audio arrived.
    package var firstAudio: Duration?
    /// Where it came from, if nothing was run for it.
    package var shared: Shared?

    /// Audio that was not made for this segment alone.
    package enum Shared: String, Sendable, Hashable {
        /// It had been made before.
        case cached = "hit"
        /// It was being made for somebody else.
        case joined = "joined"
    }

    package init(queued: Duration? = nil, firstAudio: Duration? = nil, shared: Shared? = nil) {
        self.queued = queued
        self.firstAudio = firstAudio
        self.shared = shared
    }
}

/// A name that callers may use as `model`.
package struct SpeechModel: Sendable, Hashable {
    /// The name.
    package var id: String
    /// The engine behind it; equal to `id` unless it is an alias.
    package var engine: String

    package init(id: String, engine: String) {
        self.id = id
        self.engine = engine
    }
}

/// A voice as it is offered to callers.
package struct OfferedVoice: Sendable, Hashable {
    /// The voice; its name is what callers write.
    package var voice: Voice
    /// What an alias stands for, such as `auto+f2`; `nil` for other voices.
    package var aliasOf: String?
    /// When it was made through `makeVoice`, in seconds since 1970; `nil` for other voices.
    package var madeAt: Int?

    package init(_ voice: Voice, aliasOf: String? = nil, madeAt: Int? = nil) {
        self.voice = voice
        self.aliasOf = aliasOf
        self.madeAt = madeAt
    }
}

extension SpeechModel {
    /// A model's name without the date behind it that OpenAI's snapshots have, such as `tts-1` for `tts-1-2025-12-15`.
    /// - Returns: `nil` if there is no date behind it.
    package static func undated(_ name: String) -> String? {
        let date = name.suffix(11)
        let isDate = zip(date, "-0000-00-00").allSatisfy { $1 == "0" ? ("0"..."9").contains($0) : $0 == $1 }
        return name.count > 11 && isDate ? String(name.dropLast(11)) : nil
    }
}
