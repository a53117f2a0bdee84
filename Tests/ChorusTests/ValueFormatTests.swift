import Testing

@testable import chorus

@Suite("How values are written")
struct ValueFormatTests {
    @Test(
        "durations are read",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("60s", .seconds(60)), ("5m", .seconds(300)),
            ("1h", .seconds(3_600)),
            ("1.5s", .milliseconds(1_500)), ("0s", .zero), ("0.25m", .seconds(15)),
        ]
    )
    func readsDuration(text: String, duration: Duration) {
        #expect(DurationText.duration(text) == duration)
    }

    @Test(
        "what is no duration is refused",
        arguments: ["", "5", "s", "-1s", "1 s", "1d", ".5s", "5.s", "1.2.3s", "1S", "٣s", "1e3s", "1234567890123s"]
    )
    func refusesDuration(text: String) {
        #expect(DurationText.duration(text) == nil)
    }

    @Test(
        "durations are shown in the largest unit that keeps them whole",
        arguments: [
            (Duration.zero, "0s"), (.milliseconds(1), "1ms"), (.milliseconds(1_500), "1500ms"), (.seconds(30), "30s"),
            (.seconds(60), "60s"), (.seconds(90), "90s"), (.seconds(180), "3m"), (.seconds(3_600), "1h"),
        ]
    )
    func writesDuration(duration: Duration, text: String) {
        #expect(DurationText.text(duration) == text)
        #expect(DurationText.duration(text) == duration)
    }

    @Test(
        "sizes are read",
        arguments: [
            ("1MiB", 1 << 20), ("512KiB", 512 << 10), ("1GB", 1_000_000_000), ("2GiB", 2 << 30), ("10KB", 10_000),
            ("3MB", 3_000_000), ("1048576", 1 << 20), ("7B", 7), ("0", 0),
        ]
    )
    func readsSize(text: String, bytes: Int) {
        #expect(ByteSize.bytes(text) == bytes)
    }

    @Test(
        "what is no size is refused",
        arguments: [
            "", "MiB", "1.5MiB", "-1", "1 MiB", "1mib", "1TB", "9223372036854775807KiB", "99999999999999999999",
        ]
    )
    func refusesSize(text: String) {
        #expect(ByteSize.bytes(text) == nil)
    }

    @Test(
        "sizes are shown in the largest unit that keeps them whole",
        arguments: [(0, "0"), (1_000, "1000"), (1 << 20, "1MiB")]
    )
    func writesSize(bytes: Int, text: String) {
        #expect(ByteSize.text(bytes) == text)
    }

    @Test(
        "addresses are read",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8_080), ("[::1]:8080", "::1", 8_080), (":8080", "0.0.0.0", 8_080),
            ("localhost:0", "localhost", 0), ("speech.example:65535", "speech.example", 65_535),
        ]
    )
    func readsAddress(text: String, host: String, port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "8080", "127.0.0.1", "a:", "a:65536", "a:-1", "a:b", "::1:80", "[::1]", "[]:80", "[a]:80", "a b:1",
            "http://a:1",
        ]
    )
    func refusesAddress(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test("an IPv6 address is shown in brackets")
    func writesAddress() {
        #expect(ListenAddress(host: "::1", port: 80).description == "[::1]:80")
    }

    @Test("the nearest name is found within a third of its letters")
    func findsNearestName() {
        let names = ["listen", "engines", "log", "limits"]
        #expect(NearestName.of("listne", in: names) == "listen")
        #expect(NearestName.of("LISTEN", in: names) == "listen")
        #expect(NearestName.of("engin", in: names) == "engines")
        #expect(NearestName.of("lag", in: names) == "log")
        #expect(NearestName.of("port", in: names) == nil)
        #expect(NearestName.of("", in: names) == nil)
        #expect(NearestName.hint(for: "port", in: ["listen", "log"]) == "there are listen, log")
        #expect(NearestName.hint(for: "port", in: ["listen"]) == "there is listen")
    }
}
