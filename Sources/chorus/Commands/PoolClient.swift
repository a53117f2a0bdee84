import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SpeechCore

/// Asks a running server for its pool.
struct PoolClient: Sendable {
    /// Why there is no answer, in words for people.
    struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        var description: String
    }

    /// The server, such as `http://127.0.0.1:8080`.
    var url: String
    /// The API key to send, if there is one.
    var key: String?
    /// How long connecting and the answer may take together.
    var timeout = TimeAmount.seconds(5)

    /// A bigger answer is not one of ours.
    static let limitBytes = 4 << 20

    /// The pool as it is now, and the JSON that it came in.
    func snapshot() async throws(Failure) -> (pool: PoolSnapshot, json: String) {
        let (status, body) = try await answer(to: "/v1/pool")
        guard status != .unauthorized else {
            throw Failure(
                description: "\(url) wants an API key" + (key == nil ? "; put one into " : " other than that in ")
                    + "CHORUS_API_KEY"
            )
        }
        guard status == .ok else {
            throw Failure(description: "\(url) answers \(status.code) to /v1/pool; is it a Chorus server?")
        }
        do {
            let pool = try JSONDecoder().decode(PoolSnapshot.self, from: Data(body.readableBytesView))
            return (pool, String(buffer: body))
        } catch {
            throw Failure(description: "\(url) answers something else than a pool to /v1/pool; is it a Chorus server?")
        }
    }

    private func answer(to path: String) async throws(Failure) -> (HTTPResponseStatus, ByteBuffer) {
        do {
            guard let server = URL(string: url), let scheme = server.scheme, ["http", "https"].contains(scheme),
                let host = server.host(percentEncoded: false), !host.isEmpty
            else { throw Reason(text: "this is not a URL") }
            let tls = scheme == "https" ? try NIOSSLContext(configuration: .makeClientConfiguration()) : nil
            let address = ListenAddress(host: host, port: server.port ?? (tls == nil ? 80 : 443))
            let deadline = NIODeadline.now() + timeout
            let channel = try await connect(address, tls)
            var headers: HTTPHeaders = ["Host": "\(address)"]
            if let key { headers.add(name: "Authorization", value: "Bearer \(key)") }
            let uri = (server.path.hasSuffix("/") ? String(server.path.dropLast()) : server.path) + path
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: uri, headers: headers)
            return try await channel.executeThenClose { responses, requests in
                let timeout = channel.channel.eventLoop.scheduleTask(deadline: deadline) {
                    channel.channel.close(promise: nil)
                }
                defer { timeout.cancel() }
                // If the connection is gone, the responses say why.
                try? await requests.write(contentsOf: [.head(head), .end(nil)])
                for try await response in responses { return (response.head.status, response.body ?? ByteBuffer()) }
                throw Reason(text: .now() < deadline ? "it ends the connection" : "it took too long")
            }
        } catch {
            throw Failure(
                description: "no Chorus server answers at \(url) (\(Self.reason(error))); start one with: chorus serve"
            )
        }
    }

    private func connect(
        _ address: ListenAddress,
        _ tls: NIOSSLContext?
    ) async throws -> NIOAsyncChannel<NIOHTTPClientResponseFull, HTTPClientRequestPart> {
        // A certificate names hosts, and TLS is told the name of none that is an address.
        let name = (try? SocketAddress(ipAddress: address.host, port: address.port)) == nil ? address.host : nil
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(timeout)
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name)) }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: Self.limitBytes))
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }

    private struct Reason: Error { var text: String }

    private static func reason(_ error: any Error) -> String {
        let attempts = (error as? NIOConnectionError)?.connectionErrors
        return switch attempts?.first?.error ?? error {
        case let refusal as IOError: String(cString: strerror(refusal.errnoCode)).lowercased()
        case let reason as Reason: reason.text
        case ChannelError.connectTimeout: "it took too long"
        case is NIOConnectionError: "its name does not resolve"
        case is NIOSSLError: "it does not speak TLS, or this machine does not trust its certificate"
        case let other: String(describing: other)
        }
    }
}
