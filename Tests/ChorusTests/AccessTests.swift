import ArgumentParser
import SpeechAPI
import Testing

@testable import chorus

@Suite("Who may reach a server without keys")
struct AccessTests {
    @Test(
        "only this machine reaches a loopback address",
        arguments: [
            ("127.0.0.1:1", true), ("127.8.9.10:1", true), ("[::1]:1", true), ("[0:0:0:0:0:0:0:1]:1", true),
            ("localhost:1", true), ("LocalHost:1", true), (":1", false), ("0.0.0.0:1", false), ("[::]:1", false),
            ("10.0.0.1:1", false), ("128.0.0.1:1", false), ("[fe80::1]:1", false), ("localhost.example:1", false),
            ("127.0.0.1.example:1", false), ("[::ffff:10.0.0.1]:1", false),
        ]
    )
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try #require(ListenAddress(text)).isLoopback == isLoopback)
    }

    @Test("an open server is told, unless there are keys or it is meant so")
    func openness() throws {
        let key = "keys: [{name: amy, hash: \"\(KeyDigest(of: "a"))\"}]"
        #expect(try configuration("").openness == nil)
        #expect(try configuration("listen: :80\n" + key).openness == nil)
        #expect(try configuration("listen: :80\ninsecure: true").openness == nil)
        #expect(try load("listen: :80", environment: ["CHORUS_INSECURE": "true"]).configuration.openness == nil)
        #expect(try load("listen: :80", flags: ServeCommand.parse(["--insecure"]).flags).configuration.openness == nil)
        let openness = try #require(try configuration("listen: :80").openness)
        #expect(
            openness.description
                == "It is not served like this: anybody who reaches 0.0.0.0:80 could use it, because there are no API "
                + "keys. Either make a key with 'chorus key new', or allow it with --insecure or 'insecure: true'."
        )
    }

    @Test("a server that is meant to be open warns of it, a closed one does not")
    func exposure() throws {
        let exposure = try #require(try configuration("listen: :80\ninsecure: true").exposure)
        #expect(exposure.warning == "Anybody who reaches 0.0.0.0:80 can use it: there are no API keys.")
        #expect(try configuration("insecure: true").exposure == nil)
        let key = "keys: [{name: amy, hash: \"\(KeyDigest(of: "a"))\"}]"
        #expect(try configuration("listen: :80\ninsecure: true\n" + key).exposure == nil)
    }

    @Test("web pages are named by their origins, each once; what is none is told with its place")
    func pages() throws {
        let text = "insecure: true\nlisten: box:1\ncors: [https://app.example.org, app://obsidian.md]"
        let policy = try configuration(text).originPolicy
        let allowed = ["https://app.example.org", "app://obsidian.md"]
        #expect(policy == OriginPolicy(allowed: allowed, host: "box", isOpen: true))
        #expect(try configuration("cors: []").originPolicy == OriginPolicy())
        let found = problems("cors: [\"*\", https://a/, http://a, http://a]")
        #expect(found.count == 3)
        #expect(found[0].hasPrefix("chorus.yaml:1:8: cors[0] is \"*\"; it must be an origin as browsers write it"))
        #expect(found[1].hasPrefix("chorus.yaml:1:13: cors[1] is \"https://a/\""))
        #expect(found[2].hasSuffix("cors[3] is \"http://a\" again; each origin is named once"))
        #expect(problems("cors: http://a").count == 1)
    }

    @Test("doctor tells of an open server")
    func diagnosis() throws {
        var facts = MachineFacts()
        facts.configuration = try load("listen: :80")
        let finding = try #require(Diagnosis(facts: facts).findings.first { $0.check == "keys" })
        #expect(finding.status == .missing)
        #expect(finding.remedy?.contains("chorus key new") == true)
        facts.configuration = .defaults
        #expect(!Diagnosis(facts: facts).findings.contains { $0.check == "keys" })
    }
}
