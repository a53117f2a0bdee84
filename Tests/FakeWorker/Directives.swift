/// What a text asks the test worker to do, besides speaking. Directives are part of the text: they count as scalars.
///
/// | directive | effect |
/// |---|---|
/// | `{stderr:TEXT}` | a line on standard error, before all else |
/// | `{sleep:MS}` | so much more time before anything else is done |
/// | `{progress}` | `chorus.progress` once a second while it sleeps |
/// | `{stubborn}` | cancel and the deadline are ignored |
/// | `{note:TEXT}` | a remark on the text, before any audio |
/// | `{error:CODE}` | an `error` event instead of audio |
/// | `{die}` | exit(1) before any audio |
/// | `{abort}` | abort() before any audio |
/// | `{hang}` | nothing ever, until cancelled or late; pings and `describe` are still answered |
/// | `{oom}` | the memory does not suffice: an `error` event instead of audio |
/// | `{garbage}` | a broken frame instead of audio |
/// | `{die-after:N}`, `{abort-after:N}`, … | one of these five after N chunks, without N after half of them |
/// | `{other:TEXT}` | TEXT is spoken instead |
/// | `{burst:N}` | N samples in one chunk, instead of as many as the text is worth |
/// | `{silent}` | no samples at all |
/// | `{short:N}` | only N chunks, without N half of the samples, and then the end as if that were all |
/// | `{mute}` | zeros instead of sound |
/// | `{clip}` | a square wave at full scale instead of sound |
/// | `{pace:MS}` | so much more time before each chunk |
/// | `{X-once:NAME}`, `{X-once:NAME:VALUE}` | `{X}` or `{X:VALUE}`, of all of these, the first time that NAME is seen |
struct Directives {
    /// What goes wrong before any audio, or in the middle of it.
    enum Fault: String, CaseIterable {
        case die, abort, hang, oom, garbage
    }

    private static let onceSuffix = "-once"

    private var values: [String: String] = [:]

    /// - Parameter isFirst: whether a name is seen for the first time; asked for each `-once`.
    init(_ text: String, isFirst: (String) -> Bool) {
        for piece in text.split(separator: "{").dropFirst(text.hasPrefix("{") ? 0 : 1) {
            guard let end = piece.firstIndex(of: "}") else { continue }
            let (name, value) = Self.halves(piece[..<end])
            if name.hasSuffix(Self.onceSuffix) {
                let (marker, value) = Self.halves(value[...])
                if isFirst(marker) { values[String(name.dropLast(Self.onceSuffix.count))] = value }
            } else {
                values[name] = value
            }
        }
    }

    /// Whether the directive is there.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// What follows the directive's colon.
    func string(_ name: String) -> String? { values[name] }

    /// The number that follows the directive's colon.
    func number(_ name: String) -> Int? { values[name].flatMap { Int($0) } }

    /// The number that follows the directive's colon, as milliseconds; zero without the directive.
    func milliseconds(_ name: String) -> Duration { .milliseconds(number(name) ?? 0) }

    /// What goes wrong before any audio.
    var fault: Fault? { Fault.allCases.first { has($0.rawValue) } }

    /// What goes wrong when so many chunks have been made.
    func fault(after chunk: Int, of chunks: Int) -> Fault? {
        Fault.allCases.first { fault in
            let name = "\(fault.rawValue)-after"
            return has(name) && chunk == number(name) ?? (chunks + 1) / 2
        }
    }

    /// The samples that are sent instead of the right ones.
    func spoil(_ samples: [Int16], chunkSamples: Int) -> [Int16] {
        var samples = has("silent") ? [] : samples
        if has("short") {
            let count = number("short").map { $0 * chunkSamples } ?? samples.count / 2
            samples = Array(samples.prefix(count))
        }
        if has("mute") { samples = samples.map { _ in 0 } }
        if has("clip") { samples = samples.indices.map { $0 / 50 % 2 == 0 ? .max : .min } }
        return samples
    }

    /// What stands before the first colon, and what behind it.
    private static func halves(_ text: Substring) -> (String, String) {
        guard let colon = text.firstIndex(of: ":") else { return (String(text), "") }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
