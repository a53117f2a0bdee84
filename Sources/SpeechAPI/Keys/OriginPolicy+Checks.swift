import Glibc
import HTTPTypes

/// Whether a request may be served.
extension OriginPolicy {
    /// The origin of the page that asks, if it is one that may.
    func page(_ request: HTTPRequest) -> String? {
        request.headerFields[.origin].flatMap { allowed.contains($0) ? $0 : nil }
    }

    /// Checks by which name the server is asked, and by which page.
    /// - Parameter needsKey: whether the request is worth something with a key only.
    /// - Throws: 400 without a name, 403 for one of another machine and for a foreign page.
    func check(_ request: HTTPRequest, needsKey: Bool) throws(APIError) {
        // The first field is the authority; HTTP allows no other (RFC 9112, 3.2).
        guard let authority = request.authority, !authority.isEmpty, request.headerFields[.host] == nil else {
            throw .noHost
        }
        if !needsKey, !isOpen, !isOwnName(authority) { throw .foreignHost(authority) }
        guard let origin = request.headerFields[.origin], !allowed.contains(origin) else { return }
        let isOwn = ["http", "https"].contains { origin.lowercased() == "\($0)://\(authority.lowercased())" }
        if !isOwn, !needsKey || Self.isPreflight(request) { throw .foreignOrigin(origin) }
    }

    /// Whether a browser asks what a page may do, before it lets the page do it.
    static func isPreflight(_ request: HTTPRequest) -> Bool {
        request.method == .options && request.headerFields[.origin] != nil
            && request.headerFields[.accessControlRequestMethod] != nil
    }

    /// Whether this is a name that only this machine has. Nobody can have an address lead elsewhere, so any will do.
    private func isOwnName(_ authority: String) -> Bool {
        guard let name = Self.host(of: authority) else { return false }
        return name == "localhost" || name.hasSuffix(".localhost") || name == host.lowercased() || Self.isAddress(name)
    }

    /// The host in `host:port`, in lower case, without brackets and a final dot; `nil` if it is not of that form.
    private static func host(of authority: String) -> String? {
        var host = authority.lowercased()[...]
        if let colon = host.lastIndex(of: ":"), host.last != "]" {
            guard host[colon...].dropFirst().allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
            host = host[..<colon]
        }
        if host.first == "[", host.last == "]" { return String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, !host.contains(":") else { return nil }
        return String(host.last == "." ? host.dropLast() : host)
    }

    private static func isAddress(_ host: String) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1
    }
}

extension APIError {
    fileprivate static let noHost = APIError(
        status: .badRequest,
        code: "invalid_host",
        message: "The request has no `Host`, or several: HTTP/1.1 wants one, such as `Host: 127.0.0.1:8080`."
    )

    fileprivate static func foreignHost(_ authority: String) -> APIError {
        APIError(
            status: .forbidden,
            code: "host_not_allowed",
            message: "This server has no API keys, so it answers to addresses and to `localhost`, and not to "
                + "`\(authority.prefix(128))`. Ask it as `127.0.0.1`. Or whoever runs it makes keys "
                + "(`chorus key new`), or opens it to all names with `insecure: true`."
        )
    }

    fileprivate static func foreignOrigin(_ origin: String) -> APIError {
        APIError(
            status: .forbidden,
            code: "origin_not_allowed",
            message: "Pages of `\(origin.prefix(128))` may not use this server. Whoever runs it can allow them by "
                + "their origin in `cors`, such as `cors: [https://app.example.org]`."
        )
    }
}
