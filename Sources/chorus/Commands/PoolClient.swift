import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
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

    /// How long an answer may take.
    static let timeout = TimeAmount.seconds(5)
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
        var configuration = HTTPClient.Configuration()
        // Else a server that is not there would be tried again until the time is over.
        configuration.connectionPool.retryConnectionEstablishment = false
        var request = HTTPClientRequest(url: (url.hasSuffix("/") ? String(url.dropLast()) : url) + path)
        if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        do {
            return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
                let response = try await client.execute(request, timeout: Self.timeout)
                return (response.status, try await response.body.collect(upTo: Self.limitBytes))
            }
        } catch {
            let reason = Self.reason(error)
            throw Failure(description: "no Chorus server answers at \(url) (\(reason)); start one with: chorus serve")
        }
    }

    private static func reason(_ error: any Error) -> String {
        let cause = (error as? NIOConnectionError)?.connectionErrors.first?.error ?? error
        if let refusal = cause as? IOError { return String(cString: strerror(refusal.errnoCode)).lowercased() }
        if error is NIOConnectionError { return "its name does not resolve" }
        return switch error as? HTTPClientError {
        case .connectTimeout, .deadlineExceeded: "it took too long"
        case .invalidURL, .emptyHost, .emptyScheme: "this is not a URL"
        default: String(describing: error)
        }
    }
}
