import SpeechCore
import Testing

/// Bytes as digits.
@Suite struct HexadecimalTests {
    @Test("Bytes become two digits each, and those become the bytes again")
    func roundTrip() {
        let all = Array(UInt8.min...UInt8.max)
        #expect(Hexadecimal.text([0x00, 0x0F, 0xA5]) == "000fa5")
        #expect(Hexadecimal.bytes(Hexadecimal.text(all)) == all)
        #expect(Hexadecimal.bytes(Hexadecimal.text(all).uppercased()) == all)
    }

    @Test(
        "What is not digits, or an odd number of them, is no bytes",
        arguments: ["0", "0g", "0x00", " 00", "００", "é"]
    )
    func refuses(text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }
}
