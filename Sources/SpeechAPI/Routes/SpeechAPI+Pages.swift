import HTTPTypes
import HummingbirdCore

/// Web pages that use the server from a browser.
extension SpeechAPI {
    /// Finds the page that sends the request, and checks its origin and the server's name in it. Probes are open to all
    /// pages and names. Requests by the administrator's socket are not checked.
    /// - Returns: the answer to a preflight; `nil` for any other request.
    /// - Throws: see `OriginPolicy.check`.
    func meet(_ request: Request, in exchange: Exchange) throws -> Page? {
        guard !exchange.connection.isAdmin else { return nil }
        let origins = settings.origins
        exchange.page = origins.page(request.head)
        if exchange.route?.isProbe != true { try origins.check(request.head, needsKey: !settings.keys.isEmpty) }
        guard exchange.page != nil, OriginPolicy.isPreflight(request.head), let route = exchange.route else {
            return nil
        }
        var page = Page(allowing: route.methods)
        page.fields[.accessControlAllowMethods] = page.fields[.allow]
        page.fields[.accessControlAllowHeaders] = request.headers[.accessControlRequestHeaders]
        page.fields[.accessControlMaxAge] = String(OriginPolicy.preflightSeconds)
        return page
    }

    /// The CORS fields of an answer. Without them the browser hides it from the page.
    func pageFields(in exchange: Exchange) -> HTTPFields {
        guard let page = exchange.page else {
            return settings.origins.allowed.isEmpty || exchange.connection.isAdmin ? [:] : [.vary: "Origin"]
        }
        return [
            .vary: "Origin", .accessControlAllowOrigin: page, .accessControlExposeHeaders: OriginPolicy.exposed,
        ]
    }
}
