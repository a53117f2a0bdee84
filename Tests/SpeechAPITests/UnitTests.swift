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
        "Retry-After rounds up to whole seconds, at least one",
        arguments: [
            (Duration.zero, 1), (.milliseconds(1), 1), (.seconds(1), 1), (.milliseconds(1_001), 2), (.seconds(30), 30),
        ] as [(Duration, Int64)]
    )
    func retryAfter(duration: Duration, seconds: Int64) {
        #expect(APIError(SpeechError(.queueFull, "Full.", retryAfter: duration)).retryAfterSeconds == seconds)
    }
}
