/// Something that runs segments: the pool of this machine, or one far away.
package protocol SegmentRunner: Sendable {
    /// The engines as they are now, in the order of the configuration.
    var engines: [EngineStatus] { get }

    /// Queues a segment. Never waits and never throws: the sink is told that it is admitted, or gets the refusal as an
    /// error. A segment with index 0 has to be admitted; later segments of an admitted utterance are not refused.
    /// - Parameter sink: where its audio goes. It may be called before this returns.
    /// - Returns: what gives the segment up. It may be called more than once, from anywhere, and after the end.
    func submit(_ segment: Segment, to sink: any SegmentSink) -> @Sendable () -> Void

    /// No more segments of an utterance will be submitted. Those that were are given up or finished.
    func utteranceEnded(_ utterance: UInt64)

    /// Has an instance of an engine turn a recipe into the speaker that later segments carry as `context["speaker"]`.
    /// It waits in the queue like a segment of that tenant and priority.
    /// - Throws: `refusedByEngine` when the engine cannot make voices or not this one, and what segments fail with.
    func makeVoice(
        _ recipe: VoiceRecipe,
        engine: String,
        tenant: String,
        priority: Priority
    ) async throws(SpeechError) -> [String: JSONValue]
}

extension SegmentRunner {
    /// Queues a segment for one reader, who gives it up by cancelling the audio.
    package func submit(_ segment: Segment) -> SegmentAudio {
        let audio = SegmentAudio()
        audio.onCancel(submit(segment, to: audio))
        return audio
    }
}

/// What is known of an engine at one moment.
package struct EngineStatus: Sendable, Equatable {
    /// As configured.
    package var name: String
    /// What its instances said of themselves; empty when they name no voices, `nil` until the first instance is loaded.
    package var voices: [Voice]?
    /// Instances that there should be: the least number, or as many more as there was room for.
    package var instances: Int
    /// Instances that can take work now or are busy with it.
    package var readyInstances: Int
    /// Instances that were given up for now because they end again and again.
    package var parkedInstances: Int
    /// Slots of those instances: how many segments run at once.
    package var slots: Int
    /// Whether the same text, voice and options always give the same samples.
    package var isDeterministic: Bool
    /// Whether it speaks parts of a segment in voices of their own, as `context["spans"]` says.
    package var takesSpans: Bool
    /// Changes whenever its audio for the same text, voice and options may have changed; the same after a restart.
    package var fingerprint: String

    package init(
        name: String,
        voices: [Voice]? = nil,
        instances: Int = 0,
        readyInstances: Int = 0,
        parkedInstances: Int = 0,
        slots: Int = 0,
        isDeterministic: Bool = false,
        takesSpans: Bool = false,
        fingerprint: String = ""
    ) {
        self.name = name
        self.voices = voices
        self.instances = instances
        self.readyInstances = readyInstances
        self.parkedInstances = parkedInstances
        self.slots = slots
        self.isDeterministic = isDeterministic
        self.takesSpans = takesSpans
        self.fingerprint = fingerprint
    }
}
