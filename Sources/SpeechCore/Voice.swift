/// A voice that an engine offers.
package struct Voice: Sendable, Hashable, Codable {
    /// The name that the engine knows it by.
    package var name: String
    /// BCP 47 tags, most specific first, such as `en-us`. Empty when the engine does not say.
    package var languages: [String]
    /// A line for people.
    package var description: String?

    package init(name: String, languages: [String] = [], description: String? = nil) {
        self.name = name
        self.languages = languages
        self.description = description
    }
}
