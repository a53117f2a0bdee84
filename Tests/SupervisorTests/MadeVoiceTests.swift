import NIOCore
import NIOPosix
import PoolCore
import SpeechCore
import SpeechTestSupport
import Testing

@testable import Supervisor

/// Voices that an engine makes, and what it remarks on texts.
@Suite(.timeLimit(.minutes(2))) struct MadeVoiceTests {
    private func speaker(_ pool: FakePool, _ recipe: VoiceRecipe) async throws -> [String: JSONValue] {
        try await pool.supervisor.makeVoice(recipe, engine: FakePool.engine, tenant: "ann", priority: .standard)
    }

    @Test("A recipe comes back as the speaker that the engine made of it")
    func makes() async throws {
        try await FakePool.with { pool in
            #expect(try await speaker(pool, .seed(7)) == ["seed": .integer(7)])
            #expect(try await speaker(pool, .code("abc")) == ["code": .string("abc")])
            let audio = PCM(samples: [Int16](repeating: 5, count: 100_000), sampleRate: 24_000)
            let made = try await speaker(pool, .recording(audio, text: "What is said."))
            #expect(made == ["text": .string("What is said."), "samples": .integer(100_000)])
            try await expect(pool.submit("Next."), says: "Next.")
        }
    }

    @Test(
        "The pool is told for whom a voice is made, and how urgent it is",
        arguments: [(Priority.interactive, JobClass.interactive), (.standard, .standard), (.bulk, .bulk)]
    )
    func shares(priority: Priority, jobClass: JobClass) {
        let speaker = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: [String: JSONValue].self)
        let work = Work(.seed(7), to: speaker, engine: 0, tenant: "ann", priority: priority)
        let request = work.jobRequest(JobID(1), now: Instant(sinceStart: .zero))
        #expect(request.tenant == "ann" && request.jobClass == jobClass)
        work.fail(.cancelled)
    }

    @Test("An engine that refuses a recipe says why, and works on")
    func refuses() async throws {
        try await FakePool.with { pool in
            let error = await #expect(throws: SpeechError.self) { try await speaker(pool, .code("bad")) }
            #expect(error?.code == .refusedByEngine && error?.message.contains("this is no code") == true)
            try await expect(pool.submit("Next."), says: "Next.")
        }
    }

    @Test("A recipe that kills two processes is answered with an error")
    func kills() async throws {
        try await FakePool.with { pool in
            let error = await #expect(throws: SpeechError.self) { try await speaker(pool, .code("die")) }
            #expect(error?.code == .quarantined)
            try await pool.until { $0.instances[0].state == "ready" }
            #expect(await pool.supervisor.snapshot().instances[0].restarts == 2)
        }
    }

    @Test("An engine that makes no voices is not asked to")
    func cannot() async throws {
        try await FakePool.with(arguments: ["--no-chorus"]) { pool in
            let error = await #expect(throws: SpeechError.self) { try await speaker(pool, .seed(1)) }
            #expect(error?.code == .refusedByEngine)
        }
    }

    @Test(
        "Options are noted as without effect where the worker knows only Wyoming",
        arguments: [
            ([], []),
            (["--no-chorus"], ["`seed` has no effect: the engine's worker does not say that it takes options."]),
        ]
    )
    func ignoredOptions(arguments: [String], notes: [String]) async throws {
        try await FakePool.with(arguments: arguments) { pool in
            let audio = pool.submit("Hello.", context: ["seed": .integer(7)])
            try await expect(audio, says: "Hello.")
            #expect(audio.notes == notes)
        }
    }

    @Test("What a worker remarks on a text is kept with its audio, and a text with nothing to say ends without any")
    func remarks() async throws {
        try await FakePool.with { pool in
            let audio = pool.submit("{note:a smile was left out}Hello.")
            try await expect(audio, says: "{note:a smile was left out}Hello.")
            #expect(audio.notes == ["a smile was left out"] && !audio.hadNothingToSay)
            let nothing = pool.submit("{error:nothing_to_say}")
            #expect(try await nothing.rest().isEmpty)
            #expect(nothing.hadNothingToSay && nothing.notes == ["failed with nothing_to_say, as asked"])
        }
    }
}
