import Testing

@testable import chorus

@Suite("Where Chorus keeps what outlives it")
struct StateDirectoryTests {
    @Test(
        "the configured place comes first, then systemd's, then the user's",
        arguments: [
            ("/a", ["STATE_DIRECTORY": "/b", "HOME": "/users/anna"], "/a"),
            ("auto", ["STATE_DIRECTORY": "/b:/c", "XDG_STATE_HOME": "/d", "HOME": "/users/anna"], "/b"),
            ("auto", ["STATE_DIRECTORY": "", "XDG_STATE_HOME": "/d", "HOME": "/users/anna"], "/d/chorus"),
            ("auto", ["XDG_STATE_HOME": "relative", "HOME": "/users/anna"], "/users/anna/.local/state/chorus"),
            ("auto", [:], "/var/lib/.local/state/chorus"),
        ]
    )
    func isFound(configured: String, environment: [String: String], path: String) {
        #expect(StateDirectory.path(configured: configured, environment) == path)
    }
}
