/// One thing that a machine needs, and whether it has it.
struct Finding: Sendable, Equatable, Encodable {
    /// Whether it is there.
    enum Status: String, Sendable, Encodable {
        case ok, missing
    }

    /// What is needed, in a word or two.
    var check: String
    /// Whether it is there.
    var status: Status
    /// What was seen.
    var detail: String
    /// What mends it; only when it is missing.
    var remedy: String?

    /// It is there.
    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, status: .ok, detail: detail)
    }

    /// It is missing.
    static func missing(_ check: String, _ detail: String, remedy: String) -> Finding {
        Finding(check: check, status: .missing, detail: detail, remedy: remedy)
    }
}
