import Foundation
import SpeechCore
import SpeechTestSupport
import Testing
import Wyoming

@Suite("The test worker")
struct FakeWorkerTests {
    private func start(_ arguments: String...) throws -> WorkerProcess { try WorkerProcess("FakeWorker", arguments) }

    @Test("Its audio is the pure function that tests can compute")
    func audio() throws {
        #expect(FakeAudio.samples(voice: "fake", text: "hi").prefix(4) == [17975, -14194, 15530, -2351])
        let worker = try start("--rate", "16000", "--voices", "a:en,b:zh", "--slots", "2")
        let client = try worker.connect()
        let text = "Twelve chars and 你好 more."
        let speech = try client.speak(text)
        #expect(speech.samples == FakeAudio.samples(voice: "a", text: text))
        #expect(speech.samples.count == 240 * text.unicodeScalars.count)
        #expect(speech.chunkSizes.first == 2400)
        #expect(speech.shape?.sampleRate == 16_000)
        #expect(try client.speak("x", voice: "b").samples == FakeAudio.samples(voice: "b", text: "x"))
        #expect(try client.speak("x", voice: "c").code == .badRequest)
        let other = try worker.connect()
        other.send(.describe)
        let voices = [Voice(name: "a", languages: ["en"]), Voice(name: "b", languages: ["zh"])]
        let traits = WorkerTraits(slots: 2, cancel: true, deterministic: true, makeVoice: true)
        #expect(try other.next() == .info(WyomingInfo(program: "fake", version: "1", voices: voices, traits: traits)))
    }

    @Test("A job can be cancelled while it hangs, sleeps or waits for a slot")
    func cancel() throws {
        let worker = try start()
        let client = try worker.connect()
        let other = try worker.connect()
        client.ask("{hang}")
        try client.untilItWorks()
        other.ask("{sleep:0}")
        other.send(.cancel)
        #expect(try other.listen().samples.isEmpty)
        client.send(.cancel)
        #expect(try client.listen().samples.isEmpty)
        #expect(try other.speak("x").samples == FakeAudio.samples(voice: "fake", text: "x"))
        #expect(try client.speak("{sleep:20}{stubborn}").samples.isEmpty == false)
    }

    @Test("A job ends at its deadline, whether it hangs, waits for a slot or has not begun")
    func deadline() throws {
        let worker = try start("--service-ms", "5")
        let client = try worker.connect()
        let other = try worker.connect()
        for deadline in [.integer(0), .integer(-1), .number(-1e300), .number(0.01)] as [JSONValue] {
            let speech = try client.speak("{hang}", context: ["deadline": deadline])
            #expect(speech == .late)
        }
        client.ask("{hang}")
        try client.untilItWorks()
        #expect(try other.speak("x", context: ["deadline": .number(0.01)]) == .late)
        client.send(.cancel)
        #expect(try client.listen().samples.isEmpty)
        for deadline in [.integer(Int.max), .number(1e300)] as [JSONValue] {
            let speech = try other.speak("x", context: ["deadline": deadline])
            #expect(speech.samples == FakeAudio.samples(voice: "fake", text: "x"))
        }
        #expect(try client.speak("x{stubborn}", context: ["deadline": .integer(0)]).error == nil)
        let plain = try start("--no-chorus").connect()
        #expect(try plain.speak("x", context: ["deadline": .integer(0)]).error == nil)
    }

    @Test("Faults come as asked")
    func faults() throws {
        let worker = try start("--service-ms", "5")
        let client = try worker.connect()
        #expect(try client.speak("{error:out_of_memory}").code == .outOfMemory)
        let exhausted = try client.speak("{oom}")
        #expect(exhausted.code == .outOfMemory && exhausted.shape == nil)
        #expect(try client.speak("{silent}").samples.isEmpty)
        #expect(try client.speak("ok{pace:1}").error == nil)
        client.ask("{garbage}")
        #expect(throws: WyomingError.self) { try client.listen() }
        let next = try worker.connect()
        let cut = try next.speak("{die-after:1} and some more text")
        #expect(cut.isCutOff && cut.samples.count == 2400)
        #expect(worker.waitForExit() == 1)
        let aborting = try start()
        #expect(try aborting.connect().speak("{abort}").isCutOff)
        #expect(aborting.waitForExit() == 128 + SIGABRT)
    }

    @Test("What goes wrong in the middle does so after as many chunks as asked, or after half of them")
    func midway() throws {
        let client = try start().connect()
        let exhausted = try client.speak("{oom-after:2} and some more text")
        #expect(exhausted.code == .outOfMemory && exhausted.samples.count == 2 * 2400)
        #expect(try client.speak("{oom-after} and some more text").samples.count == 2 * 2400)
        client.ask("{hang-after:1} and some more text")
        try client.untilItWorks()
        client.send(.cancel)
        // One chunk, unless it was passed over before.
        #expect(try client.listen().samples.count <= 2400)
        #expect(try start().connect().speak("{abort-after}x").samples.count == 2400)
    }

    @Test("Its audio is wrong as asked: too short, without a sound, at full scale")
    func badAudio() throws {
        let client = try start().connect()
        let text = "{short} and some more text"
        let right = FakeAudio.samples(voice: "fake", text: text)
        let half = try client.speak(text)
        #expect(half.samples == Array(right.prefix(right.count / 2)) && half.error == nil && !half.isCutOff)
        #expect(try client.speak("{short:1} and some more text").samples.count == 2400)
        #expect(try client.speak("{mute}x").samples == [Int16](repeating: 0, count: 240 * 7))
        #expect(Set(try client.speak("{clip}x").samples) == [.max, .min])
        #expect(try client.speak("{other:y}x").samples == FakeAudio.samples(voice: "fake", text: "y"))
    }

    @Test("Its work moves while it sleeps, if asked")
    func progress() throws {
        let client = try start().connect()
        client.ask("{sleep:1500}{progress}")
        #expect(try client.next() == .userEvent(name: "chorus.progress", data: ["steps": .integer(1)]))
        #expect(try client.listen().samples.isEmpty == false)
    }

    @Test("What is asked for once happens once for each name, in whichever process")
    func once() throws {
        let state = try start()
        let flags = ["--state-dir", state.directory.path]
        let client = try WorkerProcess("FakeWorker", flags).connect()
        #expect(try client.speak("{oom-once:b}").code == .outOfMemory)
        #expect(try client.speak("{oom-once:b}").error == nil)
        #expect(try WorkerProcess("FakeWorker", flags).connect().speak("{die-once:a}").isCutOff)
        #expect(try WorkerProcess("FakeWorker", flags).connect().speak("{die-once:a}").error == nil)
        #expect(try client.speak("{short-once:c:1} and some more text").samples.count == 2400)
        let text = "{short-once:c:1} and some more text"
        #expect(try client.speak(text).samples == FakeAudio.samples(voice: "fake", text: text))
    }

    @Test("A plain service says nothing of chorus and knows no cancel; one that cannot load ends")
    func plain() throws {
        let worker = try start("--no-chorus")
        let client = try worker.connect()
        client.ask("{sleep:20}x")
        client.send(.cancel)
        #expect(try client.listen().samples.isEmpty == false)
        client.send(.describe)
        let info = WyomingInfo(program: "fake", version: "1", voices: [Voice(name: "fake", languages: ["en"])])
        #expect(try client.next() == .info(info))
        #expect(try start("--fail-load", "--load-ms", "1").waitForExit() == 1)
    }

    @Test("The memory that it takes is real: the floor stays, a job's goes, what leaks stays")
    func memory() throws {
        let worker = try start(
            "--floor-bytes",
            "\(32 * mebibyte)",
            "--bytes-per-unit",
            "\(16 * mebibyte)",
            "--leak-bytes",
            "\(16 * mebibyte)"
        )
        let client = try worker.connect()
        client.send(.describe)
        let loaded = try resident(client.memory())
        #expect(loaded >= 32)
        client.ask("{hang}")
        try client.untilItWorks()
        let other = try worker.connect()
        other.send(.userEvent(name: "chorus.release", data: [:]))
        #expect(try resident(other.memory()) >= loaded + 6 * 16, "while the job runs")
        client.send(.cancel)
        _ = try client.listen()
        let leaked = try resident(client.memory()) - loaded
        #expect((16..<32).contains(leaked))
    }

    @Test("Memory that cannot be had is an answer, and at load the end")
    func exhaustion() throws {
        let more = 1 << 48  // Than any process can address.
        let client = try start("--bytes-per-unit", "\(more)").connect()
        #expect(try client.speak("x").code == .outOfMemory)
        #expect(try client.speak("").error == nil)
        #expect(try start("--floor-bytes", "\(more)").waitForExit() == 1)
    }

    @Test("What it takes of a GPU is in a file, and never more than there is")
    func gpu() throws {
        let gpu = try GPUDirectory(total: 1000)
        let worker = try start(
            "--gpu-directory",
            gpu.path,
            "--device",
            "cuda:0",
            "--floor-bytes",
            "400",
            "--bytes-per-unit",
            "10",
            "--leak-bytes",
            "5"
        )
        let client = try worker.connect()
        #expect(gpu.used(by: worker) == 400)
        client.send(.describe)
        #expect(try cuda(client.memory()) == [400, 400, 400, 400])
        client.ask("{hang}")
        try client.untilItWorks()
        #expect(gpu.used(by: worker) == 460)
        client.send(.cancel)
        _ = try client.listen()
        #expect(gpu.used(by: worker) == 405)
        #expect(try cuda(client.memory()) == [405, 405, 460, 460])
        #expect(try client.speak("x").error == nil)
        #expect(try cuda(client.memory()) == [410, 410, 415, 415])

        try gpu.use(585, by: "somebody")
        #expect(try client.speak("x").code == .outOfMemory)
        #expect(try cuda(client.memory()) == [410, 410, 410, 410])
        try gpu.use(580, by: "somebody")
        #expect(try client.speak("x").error == nil)
        #expect(gpu.used(by: worker) == 415)
        let flags = ["--gpu-directory", gpu.path, "--device", "cuda:0", "--floor-bytes", "6"]
        #expect(try WorkerProcess("FakeWorker", flags).waitForExit() == 1)
        #expect(gpu.users == ["somebody", "\(worker.id)"])
    }

    @Test("It keeps to its budget; killed, it leaves behind what it had of a GPU")
    func ends() throws {
        let gpu = try GPUDirectory(total: 1000)
        let flags = ["--gpu-directory", gpu.path, "--device", "cuda:0", "--floor-bytes", "100"]
        let budget = ["CHORUS_MEMORY_BYTES": "150"]
        let worker = try WorkerProcess("FakeWorker", flags + ["--bytes-per-unit", "10"], environment: budget)
        let client = try worker.connect()
        #expect(try client.speak("12345").error == nil)
        #expect(try client.speak("123456").code == .outOfMemory)
        #expect(worker.stop() == 0)
        #expect(gpu.users == [])
        let dying = try WorkerProcess("FakeWorker", flags)
        #expect(try dying.connect().speak("{die}").isCutOff)
        #expect(dying.waitForExit() == 1)
        #expect(gpu.users == [])
        let killed = try WorkerProcess("FakeWorker", flags)
        killed.kill()
        #expect(gpu.used(by: killed) == 100)
    }

    private let mebibyte = 1 << 20

    /// Of a report of memory: the resident, in MiB.
    private func resident(_ report: [String: JSONValue]) -> Int {
        guard case .integer(let bytes)? = report["rss"] else { return -1 }
        return bytes / mebibyte
    }

    /// Of a report of memory: allocated and reserved bytes, and the peaks of both.
    private func cuda(_ report: [String: JSONValue]) -> [Int] {
        guard case .object(let cuda)? = report["cuda"] else { return [] }
        return ["allocated", "reserved", "peak", "peak_reserved"].compactMap {
            if case .integer(let bytes)? = cuda[$0] { bytes } else { nil }
        }
    }
}
