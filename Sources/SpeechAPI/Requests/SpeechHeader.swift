package import HTTPTypes
package import SpeechCore

/// What the header fields of a speech request say, besides its body.
package struct SpeechHeader: Sendable, Equatable {
    /// `X-Request-Timeout`: how long after its arrival the request is worth something; the shortest, if there are
    /// several.
    package var timeout: Duration?
    /// `X-Playback`: how fast the audio is listened to.
    package var playback: Playback?
    /// `Cache-Control`: what may be shared with others.
    package var caching: Caching

    /// Reads the fields of a request; others are ignored.
    /// - Throws: `invalidRequest`, with the field's name in the message.
    package init(_ fields: HTTPFields) throws(SpeechError) {
        timeout = try Self.timeout(fields[.xRequestTimeout])
        playback = try Self.playback(fields[.xPlayback])
        caching = Self.caching(fields[.cacheControl])
    }

    private static func timeout(_ field: String?) throws(SpeechError) -> Duration? {
        guard let field else { return nil }
        // A proxy may have added one of its own: they arrive as a list.
        let parts = field.split(whereSeparator: { $0 == "," || $0.isWhitespace })
        let timeouts = parts.compactMap { seconds($0).flatMap(SpeechRequest.deadline(seconds:)) }
        guard timeouts.count == parts.count, let timeout = timeouts.min() else {
            throw .invalid(
                "`X-Request-Timeout` is \"\(field.prefix(32))\", but must be a number of seconds, more than 0 and at "
                    + "most \(SpeechRequest.maxDeadlineSeconds)."
            )
        }
        return timeout
    }

    /// A decimal number: `Double` would read hexadecimal ones, too.
    private static func seconds(_ text: Substring) -> Double? {
        text.allSatisfy("0123456789.eE+-".contains) ? Double(text) : nil
    }

    private static func playback(_ field: String?) throws(SpeechError) -> Playback? {
        guard let field else { return nil }
        guard let playback = Playback(rawValue: field.lowercased()) else {
            throw .invalid("`X-Playback` is \"\(field.prefix(32))\", but must be `realtime` or `asap`.")
        }
        return playback
    }

    /// Directives that mean nothing here are ignored (RFC 9111, 5.2.3).
    private static func caching(_ field: String?) -> Caching {
        var caching = Caching()
        for directive in (field ?? "").lowercased().split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            switch directive {
            case "no-store": caching.isStoringAllowed = false
            case "no-cache", "max-age=0": caching.isReadingAllowed = false
            default: break
            }
        }
        return caching
    }
}
