import NIOCore
import PoolCore
import SpeechCore
import Wyoming

/// A job, as the shell sees it: what to ask a worker, and where the answer goes. It stays on the supervisor's loop.
final class Work {
    /// What is to be done.
    enum Task {
        /// Speak a segment.
        case speak(Segment, any SegmentSink)
        /// Turn a recipe into a speaker.
        case makeVoice(VoiceRecipe, EventLoopPromise<[String: JSONValue]>)
    }

    let task: Task
    /// The engine that does it, by its index.
    let engine: Int
    /// Who is charged.
    let tenant: String
    private let priority: Priority
    let arrived = NIODeadline.now()
    /// What the worker said of its failure.
    var failure: SpeechError?
    /// The worker found nothing in the text that can be spoken.
    var hasNothingToSay = false
    /// What its audio sounds like.
    var check = AudioCheck()
    /// The speaker that the worker made.
    var speaker: [String: JSONValue]?
    var started: NIODeadline?
    /// How long it is predicted to take.
    var predicted = Duration.zero
    /// How long what was made of it lasts.
    var audioSeconds = 0.0

    /// - Parameter audio: where the audio goes.
    init(_ segment: Segment, to audio: any SegmentSink, engine: Int) {
        task = .speak(segment, audio)
        self.engine = engine
        tenant = segment.tenant
        priority = segment.priority
    }

    /// - Parameter speaker: gets what the recipe becomes.
    init(
        _ recipe: VoiceRecipe,
        to speaker: EventLoopPromise<[String: JSONValue]>,
        engine: Int,
        tenant: String,
        priority: Priority
    ) {
        task = .makeVoice(recipe, speaker)
        self.engine = engine
        self.tenant = tenant
        self.priority = priority
    }

    /// Where the audio of a segment goes; `nil` if it is none.
    var audio: (any SegmentSink)? {
        if case .speak(_, let audio) = task { audio } else { nil }
    }

    /// The utterance that it is a part of.
    var utteranceID: String? {
        if case .speak(let segment, _) = task { segment.utteranceID } else { nil }
    }

    /// How urgent it is.
    var jobClass: JobClass {
        switch priority {
        case .interactive: .interactive
        case .standard: .standard
        case .bulk: .bulk
        }
    }

    /// The size of its text; 0 if there is none.
    var units: Int {
        if case .speak(let segment, _) = task { segment.weight } else { 0 }
    }

    /// Whether it belongs to something that has been admitted.
    var isContinuation: Bool {
        if case .speak(let segment, _) = task { segment.index > 0 } else { false }
    }

    /// When nobody wants it any more.
    var deadline: ContinuousClock.Instant? {
        if case .speak(let segment, _) = task { segment.deadline } else { nil }
    }

    /// What the pool is asked.
    func jobRequest(_ id: JobID, now: Instant) -> JobRequest {
        var request = JobRequest(
            id: id,
            engine: engine,
            tenant: tenant,
            isContinuation: isContinuation,
            jobClass: jobClass,
            units: units
        )
        guard case .speak(let segment, _) = task else {
            if case .makeVoice(let recipe, _) = task { request.text = TextDigest(of: recipe, engine: engine) }
            return request
        }
        if segment.index > 0 || segment.laterWeight > 0 { request.stream = StreamID(segment.utterance) }
        request.laterUnits = segment.laterWeight
        request.laterJobs = segment.laterCount
        request.laterAtOnce = segment.laterAtOnce
        request.audioBefore = segment.audioBefore
        request.isPlayed = segment.playback != .asap
        request.toleratesGaps = segment.playback != .realtime
        request.deadline = segment.deadline.map { now.advanced(by: ContinuousClock.now.duration(to: $0)) }
        request.bytes = segment.text.utf8.count
        request.text = TextDigest(of: segment)
        return request
    }

    /// What the worker is asked.
    var request: WyomingClientEvent {
        switch task {
        case .speak(let segment, _):
            let voice = segment.voice.map { WyomingSynthesize.VoiceChoice(name: $0) }
            var context = segment.context
            if let deadline = segment.deadline {
                context["deadline"] = .number(ContinuousClock.now.duration(to: deadline) / .seconds(1))
            }
            return .synthesize(WyomingSynthesize(text: segment.text, voice: voice, context: context))
        case .makeVoice(let recipe, _):
            return .makeVoice(recipe)
        }
    }

    /// Tells the client which options do nothing with a worker that knows only Wyoming.
    func noteIgnoredOptions() {
        guard case .speak(let segment, let audio) = task else { return }
        for name in segment.context.keys.sorted() {
            audio.note("`\(name)` has no effect: the engine's worker does not say that it takes options.")
        }
    }

    /// Whether its audio sounds like something; what is none cannot sound wrong.
    var isSound: Bool { audio == nil || hasNothingToSay || check.isSound }

    /// Forgets what the worker has made of it, so that another one can begin anew.
    /// - Parameters:
    ///   - isDeterministic: the engine is expected to make the same of the same.
    ///   - isDoubted: it may be all right, and a seed does not make it the same to the last bit everywhere.
    /// - Returns: `false` when somebody has heard some of it already that may be different the next time.
    func restart(isDeterministic: Bool, isDoubted: Bool) -> Bool {
        guard case .speak(let segment, let audio) = task else { return true }
        guard audio.restart(isRepeatable: isDeterministic || segment.hasSeed && !isDoubted) else { return false }
        audioSeconds = 0
        return true
    }

    /// The answer is complete.
    func finish() {
        switch task {
        case .speak(_, let audio): audio.finish(nothingToSay: hasNothingToSay)
        case .makeVoice(_, let promise):
            if let speaker {
                promise.succeed(speaker)
            } else {
                promise.fail(SpeechError(.engineFailed, "The engine made no speaker of this."))
            }
        }
    }

    /// There is no answer, or no more of it.
    func fail(_ error: SpeechError) {
        switch task {
        case .speak(_, let audio): audio.fail(error)
        case .makeVoice(_, let promise): promise.fail(error)
        }
    }
}
