/// What a text asks the test worker to do, besides speaking. Directives are part of the text: they count as scalars.
///
/// | directive | effect |
/// |---|---|
/// | `{stderr:TEXT}` | a line on standard error, before all else |
/// | `{sleep:MS}` | so much more time before anything else is done |
/// | `{stubborn}` | cancel and the deadline are ignored |
/// | `{die}` | exit(1) before any audio |
/// | `{die-once:NAME}` | the same, the first time that NAME is seen |
/// | `{oom}` | the memory does not suffice: an `error` event instead of audio |
/// | `{oom-once:NAME}` | the same, the first time that NAME is seen |
/// | `{note:TEXT}` | a remark on the text, before any audio |
/// | `{error:CODE}` | an `error` event instead of audio |
/// | `{garbage}` | a broken frame instead of audio |
/// | `{hang}` | nothing ever, until cancelled or late |
/// | `{silent}` | no samples at all |
/// | `{pace:MS}` | so much more time before each chunk |
/// | `{die-after:N}` | exit(1) after N chunks |
struct Directives {
    private var values: [String: String] = [:]

    init(_ text: String) {
        for piece in text.split(separator: "{").dropFirst(text.hasPrefix("{") ? 0 : 1) {
            guard let end = piece.firstIndex(of: "}") else { continue }
            let parts = piece[..<end].split(separator: ":", maxSplits: 1).map(String.init)
            if let name = parts.first { values[name] = parts.count > 1 ? parts[1] : "" }
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
}
