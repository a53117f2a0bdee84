import ArgumentParser

/// `chorus key new`.
struct KeyNewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make an API key.",
        discussion: """
            Prints the key, for whoever is to use it, and what to add to the configuration. The key is shown only \
            once and is kept nowhere. Nothing is changed: a running server knows the key after it has read its \
            configuration again, for example on SIGHUP.

            Example:
              chorus key new --name website
            """
    )

    @Option(help: ArgumentHelp("Whose key it is. (default: key- and a few digits)", valueName: "name"))
    var name: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        let format = ValueFormat<String>.tenantName
        guard let name, format.read(name) == nil else { return }
        throw ValidationError("The name is '\(name)'; it must be \(format.allowed).")
    }

    func run() async throws {
        let key = NewKey(name: name)
        print(json ? try key.json : key.text)
    }
}
