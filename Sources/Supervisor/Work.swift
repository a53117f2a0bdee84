import NIOCore
import PoolCore
import SpeechCore
import Wyoming

/// A job, as the shell sees it: what to ask a worker, and where the answer goes.
struct Work {
    /// What is to be done.
    enum Task {
        /// Speak a segment.
        case speak(Segment, SegmentAudio)
        /// Turn a recipe into a speaker.
        case makeVoice(VoiceRecipe, EventLoopPromise<[String: JSONValue]>)
    }

    let task: Task
    /// The engine that does it, by its index.
    let engine: Int
    /// What the worker said of its failure.
    var failure: SpeechError?
    /// The worker found nothing in the text that can be spoken.
    var hasNothingToSay = false
    /// The speaker that the worker made.
    var speaker: [String: JSONValue]?
    var started: NIODeadline?
    /// How long what was made of it lasts.
    var audioSeconds = 0.0

    init(_ task: Task, engine: Int) {
        self.task = task
        self.engine = engine
    }

    /// The audio of a segment; `nil` if it is none.
    var audio: SegmentAudio? {
        if case .speak(_, let audio) = task { audio } else { nil }
    }

    /// The utterance that it is a part of.
    var utteranceID: String? {
        if case .speak(let segment, _) = task { segment.utteranceID } else { nil }
    }

    /// Who is charged.
    var tenant: String {
        if case .speak(let segment, _) = task { segment.tenant } else { Utterance.anonymousTenant }
    }

    /// How urgent it is.
    var jobClass: JobClass {
        guard case .speak(let segment, _) = task else { return .interactive }
        return switch segment.priority {
        case .interactive: .interactive
        case .standard: .standard
        case .bulk: .bulk
        }
    }

    /// The size of its text.
    var units: Int {
        if case .speak(let segment, _) = task { segment.weight } else { 1 }
    }

    /// Whether it belongs to something that has been admitted.
    var isContinuation: Bool {
        if case .speak(let segment, _) = task { segment.index > 0 } else { false }
    }

    /// What the worker is asked.
    var request: WyomingClientEvent {
        switch task {
        case .speak(let segment, _):
            let voice = segment.voice.map { WyomingSynthesize.VoiceChoice(name: $0) }
            return .synthesize(WyomingSynthesize(text: segment.text, voice: voice, context: segment.context))
        case .makeVoice(let recipe, _):
            return .makeVoice(recipe)
        }
    }

    /// Forgets what the worker has made of it, so that another one can begin anew.
    /// - Returns: `false` when somebody has heard some of it already.
    mutating func restart() -> Bool {
        audioSeconds = 0
        return audio?.restart() ?? true
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
