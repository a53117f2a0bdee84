import SpeechAPI
import SpeechCore
import Testing

@Suite("Connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
    private static let request = #"{"input": "Hi.", "response_format": "pcm"}"#

    private func ask(_ connection: HTTPConnection) async throws {
        try await connection.send("POST", "/v1/audio/speech", body: Self.request)
    }

    @Test("A client that leaves before the first audio cancels its speech")
    func goneWhileWaiting() async throws {
        let stream = FakeStream(.silence)
        try await TestServer.run(FakeSynthesizer(stream)) { server in
            let connection = try await HTTPConnection.open(port: server.port)
            try await ask(connection)
            await stream.waited.wait()
            try await connection.close()
            await stream.cancelled.wait()
        }
    }

    @Test("A client that leaves in the middle cancels its speech")
    func goneWhileListening() async throws {
        let stream = FakeStream(.audio(.sample), .silence)
        try await TestServer.run(FakeSynthesizer(stream)) { server in
            let connection = try await HTTPConnection.open(port: server.port)
            try await ask(connection)
            await connection.waitForBytes()
            await stream.waited.wait()
            try await connection.close()
            await stream.cancelled.wait()
        }
    }

    @Test("A client that closes its side has left")
    func halfClosed() async throws {
        let stream = FakeStream(.silence)
        try await TestServer.run(FakeSynthesizer(stream)) { server in
            let connection = try await HTTPConnection.open(port: server.port)
            try await ask(connection)
            await stream.waited.wait()
            try await connection.closeSendingSide()
            await stream.cancelled.wait()
            await connection.waitForClose()
        }
    }

    @Test("One connection serves many requests, also when they come before their turn")
    func keepAlive() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        try await TestServer.run(synthesizer) { server in
            let connection = try await HTTPConnection.open(port: server.port)
            try await ask(connection)
            #expect(try await connection.reply().body == PCM.sample.bytes)
            try await ask(connection)
            try await ask(connection)
            try await connection.send("GET", "/nowhere", body: "what is not read is skipped")
            try await ask(connection)
            #expect(try await connection.reply().body == PCM.sample.bytes)
            #expect(try await connection.reply().body == PCM.sample.bytes)
            #expect(try await connection.reply().status == 404)
            #expect(try await connection.reply().body == PCM.sample.bytes)
            try await connection.close()
        }
        #expect(synthesizer.utterances.count == 4)
    }

    @Test("A reader that takes nothing holds production back, and is cut off in the end")
    func stalledReader() async throws {
        let endless = FakeStream { _ in .audio(.sample) }
        var limits = APILimits()
        limits.writeStall = .milliseconds(200)
        try await TestServer.run(FakeSynthesizer(endless), limits: limits) { server in
            let connection = try await HTTPConnection.open(port: server.port, reads: false)
            try await ask(connection)
            await endless.cancelled.wait()
            #expect(endless.pulledBytes < 2_000_000)
            try await connection.startReading()
            #expect(try await connection.reply().isComplete == false)
        }
    }

    @Test("A client that waits to be told to go on is told")
    func expectContinue() async throws {
        try await TestServer.run(FakeSynthesizer(FakeStream(.audio(.sample)))) { server in
            let connection = try await HTTPConnection.open(port: server.port)
            let fields = "Expect: 100-continue\r\nContent-Length: \(Self.request.utf8.count)\r\n"
            try await connection.send("POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
            #expect(try await connection.reply().status == 100)
            try await connection.send(Self.request)
            #expect(try await connection.reply().body == PCM.sample.bytes)
            try await connection.close()
        }
    }

    @Test("A shutdown closes idle connections, and the others when their speech is done")
    func shutdown() async throws {
        let goOn = Signal()
        let stream = FakeStream(.audio(.sample), .wait(goOn), .audio(.sample))
        try await TestServer.run(FakeSynthesizer(stream)) { server in
            let idle = try await HTTPConnection.open(port: server.port)
            try await idle.send("GET", "/health/live")
            #expect(try await idle.reply().status == 200)
            let speaking = try await HTTPConnection.open(port: server.port)
            try await ask(speaking)
            await stream.waited.wait()
            await server.shutDown()
            await idle.waitForClose()
            goOn.fire()
            #expect(try await speaking.reply().body == PCM.sample.bytes + PCM.sample.bytes)
            await speaking.waitForClose()
        }
    }
}
