import ArgumentParser
import SpeechAPI
import SpeechCore
import Testing

@testable import chorus

@Suite("Reading API keys")
struct KeyReadingTests {
    private static let digest = KeyDigest(of: "secret")

    @Test("a key has a name and a hash, and for the rest there are defaults")
    func readsShortKeys() throws {
        let keys = try configuration("keys: [{name: amy, hash: \"\(Self.digest)\"}]").keys
        #expect(keys == [APIKeyConfiguration(APIKey(name: "amy", digest: Self.digest))])
        #expect(keys[0].weight == 1)
        #expect(keys[0].key.classes == [.interactive, .standard, .bulk])
        #expect(keys[0].key.playback == nil)
        #expect(keys[0].key.limits == APIKey.Limits())
        #expect(try configuration("keys: []").keys == [])
    }

    @Test("every value of a key is read, and what is shown is read again as the same")
    func readsLongKeys() throws {
        let loaded = try load(
            """
            keys:
              - name: Website_2.x
                hash: \(Self.digest)
                weight: 0.5
                classes: [bulk, default]
                playback: asap
                requests_per_minute: 60
                concurrent: 4
                characters_per_day: 1000000
              - name: bob
                hash: \(KeyDigest(of: "another"))
                weight: 1000
            """
        )
        var website = APIKeyConfiguration(APIKey(name: "Website_2.x", digest: Self.digest))
        website.weight = 0.5
        website.key.classes = [.standard, .bulk]
        website.key.playback = .asap
        website.key.limits.requestsPerMinute = 60
        website.key.limits.concurrent = 4
        website.key.limits.charactersPerDay = 1_000_000
        var bob = APIKeyConfiguration(APIKey(name: "bob", digest: KeyDigest(of: "another")))
        bob.weight = 1_000
        #expect(loaded.configuration.keys == [website, bob])
        #expect(try configuration(loaded.document.yaml) == loaded.configuration)
        #expect(try configuration(loaded.document.json) == loaded.configuration)
        #expect(
            loaded.document.yaml.contains(
                """
                keys:
                  - name: Website_2.x
                    hash: \(Self.digest)
                    weight: 0.5
                    classes: [default, bulk]
                    playback: asap
                    requests_per_minute: 60
                    concurrent: 4
                    characters_per_day: 1000000
                  - name: bob
                """
            )
        )
    }

    @Test("values of a key that are not allowed are named, all of them")
    func refusesValues() {
        let yaml = """
            keys:
              - name: anonymous
                hash: \(Self.digest)
                weight: 0
                classes: [bulk, bulk, urgent]
                playback: fast
                requests_per_minute: 0
                concurrent: many
                characters_per_day: 1.5
                rate: 3
              - classes: []
              - amy
            """
        let name =
            "at most 64 letters, digits, dots, dashes and underscores, a letter or digit first, and not anonymous"
        let classes = "one of interactive, default, bulk"
        #expect(
            problems(yaml) == [
                #"chorus.yaml:2:11: keys[0].name is "anonymous"; it must be \#(name)"#,
                #"chorus.yaml:4:13: keys[0].weight is "0"; it must be a number from 0.01 to 1000"#,
                #"chorus.yaml:5:21: keys[0].classes[1] is "bulk" again; each class is named once"#,
                #"chorus.yaml:5:27: keys[0].classes[2] is "urgent"; it must be \#(classes)"#,
                #"chorus.yaml:6:15: keys[0].playback is "fast"; it must be one of realtime, asap"#,
                #"chorus.yaml:7:26: keys[0].requests_per_minute is "0"; it must be a whole number from 1 to 1000000"#,
                #"chorus.yaml:8:17: keys[0].concurrent is "many"; it must be a whole number from 1 to 100000"#,
                #"chorus.yaml:9:25: keys[0].characters_per_day is "1.5"; "#
                    + "it must be a whole number from 1 to 1000000000000",
                #"chorus.yaml:10:5: "rate" is not a setting of keys[0]; there are name, hash, admin, weight, "#
                    + "classes, playback, requests_per_minute, concurrent, characters_per_day",
                "chorus.yaml:11:5: keys[1] has no name; it must be \(name)",
                "chorus.yaml:11:5: keys[1] has no hash; "
                    + "it must be sha256: and 64 hexadecimal digits, as 'chorus key new' prints them",
                "chorus.yaml:11:14: keys[1].classes is an empty list; it must be a list of classes, each \(classes)",
                #"chorus.yaml:12:5: keys[2] is "amy"; it must be a mapping of keys to values"#,
            ]
        )
        #expect(
            problems("keys: none") == [
                #"chorus.yaml:1:7: keys is "none"; it must be a list of API keys, each with name and hash"#
            ]
        )
    }

    @Test("a key that was taken for its hash is not shown")
    func hidesKeys() {
        #expect(
            problems("keys: [{name: amy, hash: sk-chorus-secret}]") == [
                "chorus.yaml:1:26: keys[0].hash is something else; "
                    + "it must be sha256: and 64 hexadecimal digits, as 'chorus key new' prints them"
            ]
        )
    }

    @Test("two keys have neither a name nor a hash in common")
    func refusesDoubles() {
        let yaml = """
            keys:
              - { name: amy, hash: "\(Self.digest)" }
              - { name: amy, hash: "\(KeyDigest(of: "b"))" }
              - { name: bob, hash: "\(Self.digest)" }
            """
        #expect(
            problems(yaml) == [
                #"chorus.yaml:3:5: keys[1] is called "amy" like another key; each needs its own name"#,
                #"chorus.yaml:4:5: keys[2] has the hash of "amy"; make another with: chorus key new"#,
            ]
        )
    }

    @Test("a new key is long and random, and its lines go into a file as they are")
    func makesKeys() throws {
        let (first, second) = (NewKey(name: "website"), NewKey(name: nil))
        #expect(first.key != second.key && first.name == "website")
        for made in [first, second] {
            #expect(made.key.hasPrefix("sk-chorus-") && made.key.count == 10 + 43)
            #expect(
                made.key.dropFirst(10).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
            )
            #expect(made.hash == KeyDigest(of: made.key).description)
            let lines = try #require(made.text.firstRange(of: "keys:\n"))
            let key = try configuration(String(made.text[lines.lowerBound...])).keys
            #expect(key.map(\.key.name) == [made.name])
            #expect(key.map(\.key.digest) == [KeyDigest(of: made.key)])
            #expect(made.text.hasPrefix(made.key + "\n"))
            #expect(try made.json.contains(#""key" : "\#(made.key)""#))
        }
        #expect(try KeyNewCommand.parse(["--name", "a.b"]).name == "a.b")
        for name in ["anonymous", "a b", ""] {
            #expect(throws: (any Error).self) { try KeyNewCommand.parse(["--name", name]) }
        }
    }
}
