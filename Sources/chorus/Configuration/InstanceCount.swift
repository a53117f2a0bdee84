/// How many instances an engine has.
enum InstanceCount: Sendable, Equatable {
    /// This many, dealt to the devices in turn.
    case exactly(Int)
    /// As many as fit, within bounds that lie in `range`.
    case auto(ClosedRange<Int>)

    /// Instances that one engine may have.
    static let range = 1...256

    /// As many as fit, whatever their number.
    static let auto = InstanceCount.auto(range)
}
