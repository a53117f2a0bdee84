import Testing

/// A frame that must be refused, and what the error must mention.
struct HostileFrame: Sendable, CustomTestStringConvertible {
    let text: String
    let complaint: String

    private init(_ text: String, _ complaint: String) {
        self.text = text
        self.complaint = complaint
    }

    var testDescription: String { String(text.prefix(60)) }

    static let all = headers + lengths + contents + audio

    private static let headers = [
        HostileFrame("\n", "not a JSON object"),
        HostileFrame("GET / HTTP/1.1\r\n", "not a JSON object"),
        HostileFrame("[1]\n", "not a JSON object"),
        HostileFrame("\"type\"\n", "not a JSON object"),
        HostileFrame("{}\n", "no type"),
        line(#"{"type":null}"#, "no type"),
        line(#"{"type":5}"#, "type is not a string"),
        line(#"{"type":{"a":1}}"#, "type is not a string"),
        line(#"{"type":"a"#, "has no end"),
        line(#"{"type":[}"#, "type is not a string"),
        line(#"{"type" "a"}"#, "a colon is missing"),
        line(#"{"type":"a" "b":1}"#, "a comma is missing"),
        line(#"{"type":"a",}"#, "a key is missing"),
        line(#"{"type":}"#, "a value is missing"),
        line(#"{"type":"a"}{}"#, "after the object"),
        line(#"{"type":"\ud800"}"#, "not valid JSON"),
        HostileFrame(String(repeating: "x", count: 65_537), "longer than 65536 bytes"),
    ]

    private static let lengths = [
        line(#"{"type":"a","data_length":-1}"#, "data_length is -1"),
        line(#"{"type":"a","data_length":4194305}"#, "data_length is 4194305"),
        line(#"{"type":"a","payload_length":8388609}"#, "payload_length is 8388609"),
        line(#"{"type":"a","payload_length":99999999999999999999999999}"#, "payload_length is not a whole number"),
        line(#"{"type":"a","payload_length":"1"}"#, "payload_length is not a whole number"),
        line(#"{"type":"a","payload_length":1.5}"#, "payload_length is not a whole number"),
    ]

    private static let contents = [
        line(#"{"type":"error","data":{"text":5}}"#, "text is not a String"),
        line(#"{"type":"error","data":{}}"#, "text is missing"),
        line(#"{"type":"error","data":[1]}"#, "is not a"),
        line(#"{"type":"error","data_length":3}"#, then: "{x}", "not valid JSON"),
        line(#"{"type":"info","data":{"chorus":{"slots":0}}}"#, "chorus.slots is out of range"),
        line(#"{"type":"info","data":{"tts":"x"}}"#, "tts is not a"),
        line(#"{"type":"user-event","data":{"name":"n","data":\#(deep)}}"#, "nested more than 32"),
        line(
            #"{"type":"user-event","data_length":70000}"#,
            then: String(repeating: " ", count: 70_000),
            "longer than 65536"
        ),
    ]

    private static let audio = [
        line(#"{"type":"audio-start"}"#, "lacks one of rate, width and channels"),
        line(#"{"type":"audio-start","data":{"rate":"x","width":2,"channels":1}}"#, "rate is not a whole number"),
        line(#"{"type":"audio-start","data":{"rate":1,"width":2,"channels":1}}"#, "rate is 1 Hz"),
        line(#"{"type":"audio-start","data":{"rate":16000,"width":4,"channels":1}}"#, "width is 4 bytes"),
        line(#"{"type":"audio-start","data":{"rate":16000,"width":2,"channels":0}}"#, "has 0 channels"),
        line(
            #"{"type":"audio-chunk","data":{"rate":16000,"width":2,"channels":2},"payload_length":6}"#,
            then: "123456",
            "6 bytes of audio are no whole number of samples"
        ),
    ]

    private static let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)

    private static func line(_ header: String, then rest: String = "", _ complaint: String) -> HostileFrame {
        HostileFrame("\(header)\n\(rest)", complaint)
    }
}
