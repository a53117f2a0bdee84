/// Chooses where Chorus keeps what outlives it, such as voices that callers made.
enum StateDirectory {
    /// The setting that leaves the choice to us.
    static let auto = "auto"

    /// The directory: the configured one, else systemd's place, else the user's, by the XDG Base Directory
    /// Specification.
    static func path(configured: String, _ environment: [String: String]) -> String {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        if configured != auto { return configured }
        // systemd may name several, separated by colons.
        if let given = variable("STATE_DIRECTORY") { return String(given.prefix { $0 != ":" }) }
        if let home = variable("XDG_STATE_HOME") { return "\(home)/chorus" }
        return "\(variable("HOME") ?? "/var/lib")/.local/state/chorus"
    }
}
