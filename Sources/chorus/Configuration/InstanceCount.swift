/// How many instances an engine has.
enum InstanceCount: Sendable, Equatable, CustomStringConvertible {
    /// One for each core on `cpu`, one for each other device.
    case auto
    /// This many, dealt to the devices in turn.
    case exactly(Int)

    /// Instances that one engine may have.
    static let range = 1...256

    var description: String {
        switch self {
        case .auto: "auto"
        case .exactly(let count): String(count)
        }
    }
}
