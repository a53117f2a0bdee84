import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import SpeechCore
import Testing

@testable import chorus

@Suite("Asking a server for its pool")
struct PoolClientTests {
    /// Answers every request with one response, and says the request's path in its `X-Path` header.
    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        let status: HTTPResponseStatus
        let body: String

        init(status: HTTPResponseStatus, body: String) {
            self.status = status
            self.body = body
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let request) = unwrapInboundIn(data) else { return }
            let found = request.uri == "/v1/pool"
            let headers: HTTPHeaders = ["Content-Length": "\(body.utf8.count)"]
            let head = HTTPResponseHead(version: .http1_1, status: found ? status : .badRequest, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    /// Runs a test with a server that always answers this.
    private func withServer(
        _ status: HTTPResponseStatus,
        _ body: String,
        test: (String) async throws -> Void
    ) async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answer(status: status, body: body))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let port = try #require(server.localAddress?.port)
        do {
            try await test("http://127.0.0.1:\(port)")
        } catch {
            try await server.close()
            throw error
        }
        try await server.close()
    }

    /// What the client says is wrong.
    private func failure(_ url: String) async -> String? {
        do {
            _ = try await PoolClient(url: url, timeout: .minutes(5)).snapshot()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("a pool is read as the server wrote it, with or without a slash after the address")
    func readsPool() async throws {
        let json = """
            {"devices":[{"name":"cpu","instances":1,"engines":[]}],
             "engines":[{"name":"espeak","instances":1,"ready":1,"slots":1,"queued":0,"parked":0}],
             "instances":[{"id":"espeak-0","engine":"espeak","device":"cpu","state":"ready","pid":7,"slots":1,"restarts":0,
                           "jobs_done":3,"bad_segments":0,"current_jobs":[],"resident_bytes":1048576}],
             "queue":{"jobs":0,"max_jobs":1000,"predicted_wait":null}}
            """
        try await withServer(.ok, json) { url in
            for url in [url, url + "/"] {
                let answer = try await PoolClient(url: url, timeout: .minutes(5)).snapshot()
                #expect(answer.json == json)
                #expect(answer.pool.instances.map(\.id) == ["espeak-0"])
                #expect(answer.pool.instances.map(\.residentBytes) == [1 << 20])
                #expect(answer.pool.queue == .init(jobs: 0, maxJobs: 1_000, predictedWait: nil))
            }
        }
    }

    @Test("another server is told from ours")
    func tellsOtherServers() async throws {
        try await withServer(.notFound, "{}") { url in
            #expect(await failure(url) == "\(url) answers 404 to /v1/pool; is it a Chorus server?")
        }
        try await withServer(.unauthorized, "{}") { url in
            #expect(await failure(url) == "\(url) wants an API key; put one into CHORUS_API_KEY")
        }
        try await withServer(.ok, "<html>") { url in
            #expect(
                await failure(url) == "\(url) answers something else than a pool to /v1/pool; is it a Chorus server?"
            )
        }
        try await withServer(.ok, String(repeating: " ", count: PoolClient.limitBytes + 1)) { url in
            #expect(await failure(url)?.hasPrefix("no Chorus server answers at \(url) (") == true)
        }
    }

    @Test("a server that ends the connection, and one that does not speak TLS, are told from a slow one")
    func tellsEnds() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { $0.close() }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let port = try #require(server.localAddress?.port)
        let words = await failure("http://127.0.0.1:\(port)")
        try await server.close()
        // The kernel may say it first.
        #expect(words?.contains("(it ends the connection)") == true || words?.contains("(connection reset") == true)
        try await withServer(.ok, "{}") { url in
            let secure = url.replacing("http:", with: "https:")
            #expect(
                await failure(secure)
                    == "no Chorus server answers at \(secure) (it does not speak TLS, or this machine does not trust its "
                    + "certificate); start one with: chorus serve"
            )
        }
    }

    @Test("no server is one clear line")
    func tellsNoServer() async {
        // A port that is ours and does not listen.
        let holder = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(holder) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            #expect(bind(holder, pointer, length) == 0)
            #expect(getsockname(holder, pointer, &length) == 0)
        }
        let url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        #expect(
            await failure(url)
                == "no Chorus server answers at \(url) (connection refused); start one with: chorus serve"
        )
        #expect(
            await failure("nothing")
                == "no Chorus server answers at nothing (this is not a URL); start one with: chorus serve"
        )
    }
}
