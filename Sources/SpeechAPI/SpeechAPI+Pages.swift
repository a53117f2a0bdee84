import HTTPTypes
import HummingbirdCore

/// Web pages that use the server from a browser.
extension SpeechAPI {
    /// Finds out by which page the server is asked, and by which name. What machines look at every few seconds is open
    /// to all, and so is everything to an administrator.
    /// - Returns: the answer to a browser that asks before the page may.
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

    /// What a browser wants to know before it shows an answer to a page.
    func pageFields(in exchange: Exchange) -> HTTPFields {
        guard let page = exchange.page else {
            return settings.origins.allowed.isEmpty || exchange.connection.isAdmin ? [:] : [.vary: "Origin"]
        }
        return [
            .vary: "Origin", .accessControlAllowOrigin: page, .accessControlExposeHeaders: OriginPolicy.exposed,
        ]
    }
}
