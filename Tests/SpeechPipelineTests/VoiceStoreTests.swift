import FoundationEssentials
import SpeechCore
import SpeechTestSupport
import Testing

@testable import SpeechPipeline

@Suite("The store of made voices")
struct VoiceStoreTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func store() -> VoiceStore {
        VoiceStore(directory: directory.path + "/voices")
    }

    private func voice(_ name: String, _ code: String = "x") -> MadeVoice {
        MadeVoice(name: name, createdAt: 1_700_000_000, speaker: ["code": .string(code)])
    }

    @Test("Voices are there again after a restart, with all that belongs to them")
    func restart() throws {
        let speaker: [String: JSONValue] = [
            "code": .string("蘁淰敝\u{1F600}\"\\/\u{0}"), "vector": .array([.number(0.1), .number(-1e-300), .integer(3)]),
            "deep": .object(["none": .null, "yes": .bool(true)]),
        ]
        let amy = MadeVoice(name: "amy.V-1_x", description: "Warm, \"low\".", createdAt: 12, speaker: speaker)
        let store = store()
        #expect(store.problems.isEmpty)
        try store.keep(amy, engine: "chattts")
        try store.keep(voice("Bob"), engine: "chattts")
        try store.keep(voice("bob"), engine: "other")
        #expect(store.voices(of: "chattts") == [voice("Bob"), amy])
        let again = self.store()
        #expect(again.problems.isEmpty)
        #expect(again.voices(of: "chattts") == [voice("Bob"), amy])
        #expect(again.voices(of: "other") == [voice("bob")])
        #expect(again.voices(of: "nobody").isEmpty)
    }

    @Test("A voice is one file that only its owner can read; nothing else stays behind")
    func files() throws {
        let store = store()
        #expect(directory.files.isEmpty)
        try store.keep(voice("amy"), engine: "chattts")
        #expect(directory.files == ["voices/chattts/amy.json"])
        let expected = #"{"created_at":1700000000,"speaker":{"code":"x"},"version":1}"#
        #expect(try directory.read("voices/chattts/amy.json") == expected)
        #expect(try directory.mode("voices") == 0o700)
        #expect(try directory.mode("voices/chattts") == 0o700)
        #expect(try directory.mode("voices/chattts/amy.json") == 0o600)
    }

    @Test("A deleted voice is gone, on disk too, and its name is free")
    func delete() throws {
        let store = store()
        try store.keep(voice("amy"), engine: "chattts")
        #expect(try !store.delete("AMY", engine: "chattts"))
        #expect(try !store.delete("amy", engine: "other"))
        #expect(try store.delete("amy", engine: "chattts"))
        #expect(try !store.delete("amy", engine: "chattts"))
        #expect(store.voices(of: "chattts").isEmpty)
        #expect(directory.files.isEmpty)
        try store.keep(voice("amy", "second"), engine: "chattts")
        #expect(self.store().voices(of: "chattts") == [voice("amy", "second")])
    }

    @Test("A name is given once, in whatever case")
    func taken() throws {
        let store = store()
        try store.keep(voice("amy"), engine: "chattts")
        let error = try #require(throws: SpeechError.self) { try store.keep(voice("Amy", "y"), engine: "chattts") }
        #expect(error.code == .voiceConflict)
        #expect(error.param == "name")
        #expect(store.voices(of: "chattts") == [voice("amy")])
        #expect(directory.files == ["voices/chattts/amy.json"])
    }

    @Test("Of many who want a name at once, one gets it")
    func race() async throws {
        let store = store()
        let errors = await withTaskGroup(of: SpeechError.Code?.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let voice = MadeVoice(name: "amy", createdAt: number, speaker: [:])
                    do throws(SpeechError) {
                        try store.keep(voice, engine: "chattts")
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors.count { $0 == nil } == 1)
        #expect(errors.count { $0 == .voiceConflict } == 15)
        #expect(store.voices(of: "chattts").count == 1)
        #expect(self.store().voices(of: "chattts") == store.voices(of: "chattts"))
    }

    @Test("A file that cannot be read is told of, skipped, and left as it is, whatever happens")
    func problems() throws {
        let good = #"{"version": 1, "created_at": 5, "speaker": {}, "unknown": 1}"#
        let bad = [
            ("empty", "", "not a voice's file"), ("half", #"{"version": 1, "speaker": {"#, "not a voice's file"),
            ("wrong", #"{"version": 1, "created_at": "x", "speaker": {}}"#, "not a whole voice's file"),
            ("new", #"{"version": 2}"#, "its format is 2"),
            ("huge", String(repeating: " ", count: VoiceFile.maxBytes + 1), "larger than"),
        ]
        try directory.write(good, to: "voices/chattts/good.json")
        for (name, text, _) in bad { try directory.write(text, to: "voices/chattts/\(name).json") }
        try directory.write("not ours", to: "voices/chattts/notes.txt")
        try directory.write("not ours", to: "voices/chattts/a b.json")
        try directory.write("half written", to: "voices/chattts/.x.partial")
        let before = try directory.files.map { try directory.read($0) }
        let store = store()
        #expect(store.voices(of: "chattts") == [MadeVoice(name: "good", createdAt: 5, speaker: [:])])
        let problems = Dictionary(uniqueKeysWithValues: store.problems.map { ($0.file, $0.reason) })
        #expect(problems.count == bad.count)
        for (name, _, reason) in bad {
            let told = try #require(problems["\(directory.path)/voices/chattts/\(name).json"])
            #expect(told.contains(reason))
            // The name is not given to another one, which would write over the file.
            let error = try #require(throws: SpeechError.self) { try store.keep(voice(name), engine: "chattts") }
            #expect(error.code == .voiceConflict && error.message.contains("not written over"))
        }
        #expect(try directory.files.map { try directory.read($0) } == before)
    }

    @Test("What stands where a directory should be is told of")
    func noDirectory() throws {
        try directory.write("", to: "voices/chattts")
        let inside = store()
        #expect(inside.problems.map(\.file) == ["\(directory.path)/voices/chattts"])
        let error = try #require(throws: SpeechError.self) { try inside.keep(voice("amy"), engine: "chattts") }
        #expect(error.code == .storageFailed)
        #expect(error.message.contains("Not a directory"))
        #expect(inside.voices(of: "chattts").isEmpty)
        let outside = VoiceStore(directory: "\(directory.path)/voices/chattts")
        #expect(outside.problems.map(\.file) == ["\(directory.path)/voices/chattts"])
    }

    @Test("A speaker may have so many bytes")
    func bigSpeaker() throws {
        let store = store()
        let room = VoiceFile.maxSpeakerBytes - #"{"code":""}"#.utf8.count
        try store.keep(voice("amy", String(repeating: "x", count: room)), engine: "chattts")
        let error = try #require(throws: SpeechError.self) {
            try store.keep(voice("bob", String(repeating: "x", count: room + 1)), engine: "chattts")
        }
        #expect(error.code == .engineFailed)
        #expect(self.store().voices(of: "chattts").map(\.name) == ["amy"])
        #expect(throws: SpeechError.self) {
            try store.keep(MadeVoice(name: "nan", createdAt: 0, speaker: ["x": .number(.nan)]), engine: "chattts")
        }
        #expect(directory.files == ["voices/chattts/amy.json"])
    }

    @Test("An engine has so many made voices at the most, also when more files are there")
    func manyVoices() throws {
        let file = #"{"version": 1, "created_at": 5, "speaker": {}}"#
        for number in 0...VoiceStore.maxVoices {
            try directory.write(file, to: "voices/chattts/v\(10_000 + number).json")
        }
        let store = store()
        #expect(store.voices(of: "chattts").count == VoiceStore.maxVoices)
        #expect(store.problems.map(\.file) == ["\(directory.path)/voices/chattts"])
        let error = try #require(throws: SpeechError.self) { try store.keep(voice("amy"), engine: "chattts") }
        #expect(error.code == .voiceConflict)
        #expect(error.message.contains("1000"))
        try store.keep(voice("amy"), engine: "other")
        #expect(try store.delete("v10000", engine: "chattts"))
        try store.keep(voice("amy"), engine: "chattts")
    }

    @Test(
        "Names are plain, so that they can be files and parts of URLs",
        arguments: [
            ("a", true), ("9", true), ("Amy_2.x-y", true), (String(repeating: "a", count: 64), true), ("", false),
            (String(repeating: "a", count: 65), false), (".a", false), ("..", false), ("-a", false), ("_a", false),
            ("a/b", false), ("a b", false), ("a+b", false), ("é", false), ("a\u{301}", false), ("a\u{0}", false),
            ("a\n", false),
        ]
    )
    func names(name: String, isName: Bool) {
        #expect(MadeVoice.isName(name) == isName)
    }
}
