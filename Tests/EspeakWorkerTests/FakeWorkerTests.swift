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
        client.send(.describe)
        let voices = [Voice(name: "a", languages: ["en"]), Voice(name: "b", languages: ["zh"])]
        let traits = WorkerTraits(slots: 2, cancel: true, deterministic: true, makeVoice: true)
        #expect(try client.next() == .info(WyomingInfo(program: "fake", version: "1", voices: voices, traits: traits)))
    }

    @Test("A job can be cancelled while it hangs, sleeps or waits for a slot")
    func cancel() throws {
        let worker = try start()
        let client = try worker.connect()
        let other = try worker.connect()
        client.ask("{hang}")
        client.send(.ping(text: nil))
        #expect(try client.next() == .pong(text: nil))
        other.ask("{sleep:0}")
        other.send(.cancel)
        #expect(try other.listen().samples.isEmpty)
        client.send(.cancel)
        #expect(try client.listen().samples.isEmpty)
        #expect(try other.speak("x").samples == FakeAudio.samples(voice: "fake", text: "x"))
        #expect(try client.speak("{sleep:20}{stubborn}").samples.isEmpty == false)
    }

    @Test("Faults come as asked")
    func faults() throws {
        let worker = try start("--service-ms", "5")
        let client = try worker.connect()
        #expect(try client.speak("{error:out_of_memory}").code == .outOfMemory)
        #expect(try client.speak("{silent}").samples.isEmpty)
        #expect(try client.speak("ok{pace:1}").error == nil)
        client.ask("{garbage}")
        #expect(throws: WyomingError.self) { try client.listen() }
        let next = try worker.connect()
        let cut = try next.speak("{die-after:1} and some more text")
        #expect(cut.isCutOff && cut.samples.count == 2400)
        #expect(worker.waitForExit() == 1)
    }

    @Test("It dies once for each name")
    func dieOnce() throws {
        let state = try start()
        let flags = ["--state-dir", state.directory.path]
        #expect(try WorkerProcess("FakeWorker", flags).connect().speak("{die-once:a}").isCutOff)
        #expect(try WorkerProcess("FakeWorker", flags).connect().speak("{die-once:a}").error == nil)
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
}
