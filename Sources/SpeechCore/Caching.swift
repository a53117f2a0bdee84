/// What may be done with audio that others have asked for, or will.
package struct Caching: Sendable, Hashable {
    /// Audio that was made before, or is being made for somebody else, will do.
    package var isReadingAllowed: Bool
    /// The audio may be kept for others.
    package var isStoringAllowed: Bool

    package init(isReadingAllowed: Bool = true, isStoringAllowed: Bool = true) {
        self.isReadingAllowed = isReadingAllowed
        self.isStoringAllowed = isStoringAllowed
    }
}
