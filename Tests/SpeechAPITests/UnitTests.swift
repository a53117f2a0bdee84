import SpeechCore
import Testing

@testable import SpeechAPI

@Suite("Small parts of the HTTP surface")
struct UnitTests {
    @Test("Paths lead to routes, with or without a slash at the end")
    func routes() {
        #expect(Route(path: "/v1/audio/speech") == .speech)
        #expect(Route(path: "/v1/audio/speech/") == .speech)
        #expect(Route(path: "/v1/models") == .models)
        #expect(Route(path: "/v1/models/a%20b") == .model("a b"))
        #expect(Route(path: "/v1/models/%zz") == nil)
        #expect(Route(path: "/v1/models/%ff") == nil)
        #expect(Route(path: "/v1/audio/voices/") == .voices)
        #expect(Route(path: "/v1/audio/voices/a%2Fb/") == .voice("a/b"))
        #expect(Route(path: "/v1/audio/voices/%ff") == nil)
        #expect(Route(path: "/v1/audio") == nil)
        #expect(Route(path: "") == nil)
    }

    @Test("Ids of clients are taken when they are sane")
    func requestIDs() {
        #expect(RequestID.make(from: "a.B_9-") == "a.B_9-")
        let longest = String(repeating: "x", count: RequestID.maxCharacters)
        #expect(RequestID.make(from: longest) == longest)
        for strange in [nil, "", longest + "x", "a b", "é", "a\nb"] {
            let id = RequestID.make(from: strange)
            #expect(id.hasPrefix("req_") && id.utf8.count == 36)
        }
    }

    @Test(
        "Dates are as HTTP wants them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_200, "Fri, 01 Mar 2024 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ]
    )
    func dates(seconds: Int, text: String) {
        #expect(HTTPDate.format(seconds) == text)
    }

    @Test(
        "Notes become one ASCII header, in quotes that a strict reader can take off",
        arguments: [
            ([], nil), (["a"], #"199 chorus "a""#), (["a", "b c"], #"199 chorus "a; b c""#),
            ([#"say "x\""#], #"199 chorus "say \"x\\\"""#), (["你😀~"], #"199 chorus "\\u{4F60}\\u{1F600}~""#),
            (["a\r\nX: y\u{0}\u{7F}\u{9F}"], #"199 chorus "a  X: y   ""#),
        ] as [([String], String?)]
    )
    func warnings(notes: [String], value: String?) {
        #expect(WarningField.value(notes) == value)
    }

    @Test(
        "Notes become a list of strings, and of display strings where they are not ASCII (RFC 9651)",
        arguments: [
            ([], nil), (["a"], #""a""#), (["a", "b c"], #""a", "b c""#), ([#"say "x\""#], #""say \"x\\\"""#),
            (["50 %"], #""50 %""#), (["你 50 %\""], #"%"%e4%bd%a0 50 %25%22""#), (["a\r\n\u{0}"], #"%"a%0d%0a%00""#),
        ] as [([String], String?)]
    )
    func notes(notes: [String], value: String?) {
        #expect(NotesField.value(notes) == value)
    }

    @Test("The list of notes has its limit, at which no character is cut", arguments: 0..<12)
    func longNotes(prefix: Int) throws {
        let plain = String(repeating: "a", count: prefix)
        for notes in [
            [plain + String(repeating: "你", count: 200)], [String](repeating: plain + "b", count: 500),
            [String(repeating: "c", count: NotesField.maxBytes - 10 - prefix), "d", "e"],
        ] {
            let value = try #require(NotesField.value(notes))
            #expect(value.utf8.count <= NotesField.maxBytes && value.utf8.count >= NotesField.maxBytes - 30)
            #expect(value.hasSuffix(#"...""#) || value.hasSuffix(#""e""#))
            #expect(value.split(separator: "\"", omittingEmptySubsequences: false).count % 2 == 1)
        }
    }

    @Test("A warning has its limit, at which no escape is cut", arguments: 0..<10)
    func longWarning(prefix: Int) throws {
        let note = String(repeating: "a", count: prefix) + String(repeating: "你", count: 100)
        let value = try #require(WarningField.value([note]))
        #expect(value.utf8.count <= WarningField.maxBytes && value.utf8.count > WarningField.maxBytes - 20)
        #expect(value.hasSuffix(#"\\u{4F60}...""#))
    }

    @Test(
        "Retry-After rounds up to whole seconds, at least one",
        arguments: [
            (Duration.zero, 1), (.milliseconds(1), 1), (.seconds(1), 1), (.milliseconds(1_001), 2), (.seconds(30), 30),
        ] as [(Duration, Int64)]
    )
    func retryAfter(duration: Duration, seconds: Int64) {
        #expect(APIError(SpeechError(.queueFull, "Full.", retryAfter: duration)).retryAfterSeconds == seconds)
    }
}
