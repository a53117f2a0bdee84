import Foundation
import NIOCore
import SpeechCore
import Testing
import Wyoming

@Suite("chorus-espeak")
struct EspeakWorkerTests {
    private static let long = String(repeating: "A sentence that takes a while to say. ", count: 2000)

    private func start() throws -> WorkerProcess { try WorkerProcess("chorus-espeak") }

    private func oracle(_ text: String, voice: String, _ flags: [String] = []) throws -> [Int16] {
        try EspeakProgram.samples(text, voice: voice, flags)
    }

    @Test(
        "Every job, the first and the later ones, is what the program espeak-ng says",
        arguments: ["en-us", "en-gb", "cmn", "de", "en-us+f2", "sit/yue-Latn-jyutping", "iro/chr"]
    )
    func oracle(voice: String) throws {
        let worker = try start()
        let client = try worker.connect()
        let texts = [
            "Hello, world.", "你好，世界。It costs 3.50.", "Größe [[h@l'oU]] & <b>", "See [[My Page]] and [[1, 2], [3, 4]].",
            "One. Two! Three? " + Self.long.prefix(2000),
        ]
        for text in texts + texts {
            let speech = try client.speak(text, voice: voice)
            #expect(speech.error == nil)
            #expect(try speech.samples == oracle(text, voice: voice), "\(text.prefix(20))")
        }
        #expect(try #require(client.speak("Hello.", voice: voice).shape).sampleRate == 22_050)
    }

    @Test("Rate, pitch and volume are the program's")
    func context() throws {
        let worker = try start()
        let context: [String: JSONValue] = ["rate": .integer(260), "pitch": .integer(70), "volume": .integer(150)]
        let speech = try worker.connect().speak("Hello, world.", voice: "en-us", context: context)
        #expect(try speech.samples == oracle("Hello, world.", voice: "en-us", ["-s", "260", "-p", "70", "-a", "150"]))
    }

    @Test("Phonemes in double brackets are spoken when the job says so, and only then")
    func phonemes() throws {
        let worker = try start()
        let client = try worker.connect()
        let text = "Say [[h@l'oU]] now."
        for isCode in [true, false] {
            let speech = try client.speak(text, voice: "en-us", context: ["phonemes": .bool(isCode)])
            #expect(try speech.samples == EspeakProgram.samples(text, voice: "en-us", phonemes: isCode))
        }
        #expect(
            try EspeakProgram.samples(text, voice: "en-us", phonemes: true)
                == EspeakProgram.samples("Say hello now.", voice: "en-us")
        )
    }

    @Test(
        "A control character is no command, and nothing around it is lost",
        arguments: ["\u{1}450S", "\u{1}20F", "\u{1}10P", "\u{1}0A", "\u{5}", "\u{1B}[31m", "\u{7F}", "\u{9F}"]
    )
    func controls(command: String) throws {
        let worker = try start()
        let speech = try worker.connect().speak("Hello \(command) there.", voice: "en-us")
        #expect(try speech.samples == oracle("Hello \(command.dropFirst()) there.", voice: "en-us"))
    }

    @Test("The end of a line is a pause like a full stop, or what its own mark is, and blank lines add nothing")
    func lines() throws {
        let worker = try start()
        let client = try worker.connect()
        for voice in ["en-us", "de", "ru", "ar", "hi", "el", "ja"] {
            let speech = try client.speak("one\r\n\n two \nthree\n", voice: voice)
            #expect(try speech.samples == oracle("one。 two。 three", voice: voice), "\(voice)")
        }
        #expect(try client.speak("苹果\n香蕉", voice: "cmn").samples == oracle("苹果。香蕉", voice: "cmn"))
        let marked = try client.speak("One.\nTwo,\nthree", voice: "en-us")
        #expect(try marked.samples == oracle("One. Two, three", voice: "en-us"))
        // A pause, by the ear: as long as the same words with full stops, which is longer than without.
        #expect(
            try client.speak("Apple\nPear", voice: "en-us").samples.count
                == client.speak("Apple. Pear", voice: "en-us").samples.count
        )
        #expect(
            try client.speak("Apple\nPear", voice: "en-us").samples.count
                > client.speak("Apple Pear", voice: "en-us").samples.count + 22_050 / 5
        )
    }

    @Test("The first chunk is short, none is long")
    func chunks() throws {
        let worker = try start()
        let sizes = try worker.connect().speak(String(Self.long.prefix(200))).chunkSizes
        #expect(sizes.prefix(4) == [1102, 2204, 4408, 5512])
        #expect(sizes.max() == 5512)
    }

    @Test(
        "A wrong request is refused and says why, and the next one is fine",
        arguments: [
            (" \n", "en-us", [:], "the text is empty"),
            ("a\0b", "en-us", [:], "NUL"),
            ("hi", "nonsense", [:], "no voice \"nonsense\""),
            ("hi", "en-us+nosuch", [:], "no voice \"en-us+nosuch\""),
            ("hi", "f2", [:], "no voice \"f2\""),
            ("hi", "mb/mb-us1", [:], "no voice \"mb/mb-us1\""),
            ("hi", "", [:], "no voice \"\""),
            ("hi", "zh+f2", [:], "no voice \"zh+f2\""),
            ("hi", "en-us", ["phonemes": .integer(1)], "context.phonemes must be true or false"),
            ("hi", "en-us", ["rate": .integer(79)], "context.rate must be a whole number from 80 to 450"),
            ("hi", "en-us", ["volme": .integer(1)], "`volme` is not an option of espeak-ng. There are: phonemes"),
            ("hi", "en-us", ["pitch": .string("high")], "context.pitch must be"),
            ("hi", "en-us", ["volume": .number(1.5)], "context.volume must be"),
            ("hi", "en-us", ["deadline": .string("1")], "context.deadline must be a number of seconds"),
            ("hi", "en-us", ["deadline": .bool(true)], "context.deadline must be a number of seconds"),
        ] as [(String, String, [String: JSONValue], String)]
    )
    func refusals(text: String, voice: String, context: [String: JSONValue], why: String) throws {
        let worker = try start()
        let client = try worker.connect()
        let speech = try client.speak(text, voice: voice, context: context)
        #expect(speech.code == .badRequest, "\(speech)")
        #expect(speech.error?.contains(why) == true)
        #expect(try client.speak("Hello.").samples.isEmpty == false)
    }

    @Test("It names its voices and itself, also to a second client while it speaks to a first that does not listen")
    func info() throws {
        let worker = try start()
        let first = try worker.connect()
        let second = try worker.connect()
        first.ask(Self.long)
        second.send(.describe)
        guard case .info(let info) = try second.next() else {
            Issue.record("no info")
            return
        }
        #expect(info.program == "espeak-ng")
        #expect(info.traits == WorkerTraits(slots: 1, cancel: true, deterministic: true, spans: true))
        #expect(info.voices.count > 100)
        #expect(Set(info.voices.map(\.name)).count == info.voices.count)
        #expect(info.voices.first { $0.name == "en-us" }?.description == "English (America)")
        #expect(info.voices.first { $0.name == "cmn" }?.languages == ["cmn", "zh-cmn", "zh"])
        second.send(.ping(text: "x"))
        #expect(try second.next() == .pong(text: "x"))
    }

    @Test("Without a voice it speaks American English, or the language that is asked for")
    func voiceChoice() throws {
        let worker = try start()
        let client = try worker.connect()
        #expect(try client.speak("Hallo.").samples == oracle("Hallo.", voice: "en-us"))
        client.send(.synthesize(WyomingSynthesize(text: "Hallo.", voice: .init(language: "de_DE"))))
        #expect(try client.listen().samples == oracle("Hallo.", voice: "de"))
    }

    @Test("Two clients' jobs run one after the other, each with its own audio")
    func twoClients() throws {
        let worker = try start()
        let clients = [try worker.connect(), try worker.connect()]
        for client in clients {
            client.ask("First.")
            client.ask("Second.", voice: "de")
        }
        for client in clients {
            #expect(try client.listen().samples == oracle("First.", voice: "en-us"))
            #expect(try client.listen().samples == oracle("Second.", voice: "de"))
        }
    }

    @Test("Cancel ends the running job and the waiting ones; the next is fine")
    func cancel() throws {
        let worker = try start()
        let client = try worker.connect()
        client.ask(Self.long)
        client.ask("Never said.")
        guard case .audioStart = try client.next() else {
            Issue.record("no audio")
            return
        }
        client.send(.cancel)
        #expect(try client.listen().error == nil)
        #expect(try client.listen().samples.isEmpty)
        #expect(worker.children.isEmpty)
        #expect(try client.speak("Hello.").samples == oracle("Hello.", voice: "en-us"))
    }

    @Test("A job whose deadline has passed is not begun, and the next one is fine")
    func passedDeadline() throws {
        let worker = try start()
        let client = try worker.connect()
        for deadline in [.integer(0), .integer(.min), .number(-1e300)] as [JSONValue] {
            #expect(try client.speak("Hello.", context: ["deadline": deadline]) == .late)
        }
        #expect(worker.children.isEmpty)
        #expect(try client.speak("Hello.").samples == oracle("Hello.", voice: "en-us"))
    }

    @Test("A running job ends at its deadline, and one that was late before it began is not begun")
    func deadline() throws {
        let worker = try start()
        let client = try worker.connect()
        let other = try worker.connect()
        // It says far more than is sent in this time, and while nobody reads that.
        client.ask(Self.long, context: ["deadline": .number(0.2)])
        client.ask("Never said.", context: ["deadline": .number(0.1)])
        #expect(try other.speak("Hello.", voice: "en-us").samples == oracle("Hello.", voice: "en-us"))
        let speech = try client.listen()
        #expect(speech.code == .cancelled && speech.error == "The deadline has passed.")
        #expect(try client.listen() == .late)
        #expect(worker.children.isEmpty)
    }

    @Test(
        "A deadline far away changes nothing",
        arguments: [.integer(60), .integer(.max), .number(1e300)] as [JSONValue]
    )
    func farDeadline(_ deadline: JSONValue) throws {
        let text = String(Self.long.prefix(2000))
        let worker = try start()
        let speech = try worker.connect().speak(text, voice: "en-us", context: ["deadline": deadline])
        #expect(try speech.samples == oracle(text, voice: "en-us"))
    }

    @Test("A client that leaves takes its job with it")
    func leave() throws {
        let worker = try start()
        var leaver: WorkerClient? = try worker.connect()
        leaver?.ask(Self.long)
        _ = try leaver?.next()
        #expect(worker.children.count == 1)
        leaver = nil
        #expect(try worker.connect().speak("Hello.").samples == oracle("Hello.", voice: "en-us"))
        #expect(worker.children.isEmpty)
    }

    @Test("A speaking process that dies is an error of its job only")
    func crash() throws {
        let worker = try start()
        let client = try worker.connect()
        client.ask(Self.long)
        _ = try client.next()
        for child in worker.children { kill(child, SIGKILL) }
        let speech = try client.listen()
        #expect(speech.code == .internal)
        #expect(speech.error?.contains("signal 9") == true)
        #expect(try client.speak("Hello.").samples == oracle("Hello.", voice: "en-us"))
    }

    @Test("What is no Wyoming is answered by an error and a closed connection")
    func hostile() throws {
        let worker = try start()
        let client = try worker.connect()
        client.send(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
        #expect(try client.listen().code == .badRequest)
        #expect(try client.next() == nil)
        #expect(try worker.connect().speak("Hello.").samples.isEmpty == false)
    }

    @Test("The seventeenth waiting job is refused")
    func fullQueue() throws {
        let worker = try start()
        let client = try worker.connect()
        client.ask(Self.long)
        _ = try client.next()
        let other = try worker.connect()
        for _ in 0..<17 { other.ask("Hello.") }
        #expect(try other.listen().error == "16 texts are waiting already")
    }

    @Test("SIGTERM ends it and its job, with status 0 and no socket left behind")
    func stop() throws {
        let worker = try start()
        let client = try worker.connect()
        client.ask(Self.long)
        _ = try client.next()
        let children = worker.children
        #expect(worker.stop() == 0)
        #expect(children.count == 1 && children.allSatisfy { kill($0, 0) != 0 })
        #expect(!FileManager.default.fileExists(atPath: worker.socket))
    }

    @Test("A socket file that nobody listens on is replaced, a live one is not")
    func staleSocket() throws {
        let worker = try start()
        let arguments = ["--uri", "unix://\(worker.socket)"]
        let program = WorkerProcess.product("chorus-espeak")
        #expect(try WorkerProcess.run(program, arguments).status == 1)
        #expect(try worker.connect().speak("Hello.").samples.isEmpty == false)
        worker.kill()
        #expect(FileManager.default.fileExists(atPath: worker.socket))
        let next = try WorkerProcess("chorus-espeak", in: worker.directory)
        #expect(try next.connect().speak("Hello.").samples.isEmpty == false)
    }

    @Test("The command line explains itself")
    func commandLine() throws {
        let program = WorkerProcess.product("chorus-espeak")
        let help = try WorkerProcess.run(program, ["--help"])
        #expect(help.status == 0 && String(decoding: help.output, as: UTF8.self).contains("--uri unix://PATH"))
        for wrong in [[], ["--uri"], ["--uri", "tcp://localhost:1"], ["--voices"]] {
            #expect(try WorkerProcess.run(program, wrong).status == 1)
        }
        let voices = try WorkerProcess.run(program, ["--list-voices"])
        #expect(String(decoding: voices.output, as: UTF8.self).contains("\nen-us\ten-us,en\tEnglish (America)\n"))
    }
}
