import AudioEncoding
import SpeechCore
import Testing

@Suite("Sample rate and speed")
struct ConversionTests {
    @Test("24 kHz is passed on bit by bit")
    func untouched() throws {
        let noise = PCM(samples: (0..<30_000).map { Int16(truncatingIfNeeded: $0 * 7919) }, sampleRate: 24_000)
        #expect(Signal.samples(try stream(Signal.pieces(noise), format: .pcm)) == noise.samples)
        #expect(Signal.samples(try file([noise], format: .wav).dropFirst(44)) == noise.samples)
    }

    @Test(
        "another rate becomes 24 kHz, with the right length and pitch",
        arguments: [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 44_101, 48_000, 192_000]
    )
    func resampled(rate: Int) throws {
        let tone = Signal.sine(440, seconds: 1.7, sampleRate: rate)
        let samples = Signal.samples(try stream(Signal.pieces(tone), format: .pcm))
        #expect(abs(Double(samples.count) - Double(tone.samples.count) * 24_000 / Double(rate)) <= 1)
        #expect(abs(Signal.frequency(of: samples) - 440) < 0.5)
        #expect(abs(Signal.level(of: samples) / Signal.level(of: tone.samples) - 1) < 0.01)
    }

    @Test("the speed changes the length and not the pitch", arguments: [0.25, 0.5, 0.9, 1.5, 2, 4], [22_050, 24_000])
    func tempo(speed: Double, rate: Int) throws {
        let tone = Signal.sine(220, seconds: 2, sampleRate: rate)
        let samples = Signal.samples(try stream(Signal.pieces(tone), format: .pcm, speed: speed))
        let seconds = Double(samples.count) / 24_000
        #expect(abs(seconds * speed / 2 - 1) < 0.02)
        #expect(abs(Signal.frequency(of: samples) - 220) < 220 * 0.01)
        #expect(abs(Signal.level(of: samples) / Signal.level(of: tone.samples) - 1) < 0.05)
    }

    @Test("a change of the sample rate is refused")
    func rateChange() throws {
        let encoder = try AudioEncoder(format: .pcm)
        _ = try encoder.encode(Signal.sine(440, seconds: 0.1, sampleRate: 22_050))
        let error = #expect(throws: AudioEncodingError.self) {
            try encoder.encode(Signal.sine(440, seconds: 0.1, sampleRate: 24_000))
        }
        #expect(error?.code == .invalidSampleRate)
        #expect(error?.message == "The sample rate went from 22050 to 24000 Hz; an engine must keep to one.")
    }

    @Test("a sample rate that no speech has is refused", arguments: [1, 7_999, 192_001, Int.max])
    func rateOutside(rate: Int) throws {
        let encoder = try AudioEncoder(format: .pcm, speed: 2)
        let error = #expect(throws: AudioEncodingError.self) {
            try encoder.encode(PCM(samples: [1, 2, 3], sampleRate: rate))
        }
        #expect(error?.code == .invalidSampleRate)
    }

    @Test("a speed outside of the range is refused", arguments: [0, 0.249, 4.01, -1, .nan, .infinity])
    func speedOutside(speed: Double) {
        let error = #expect(throws: AudioEncodingError.self) { try AudioEncoder(format: .mp3, speed: speed) }
        #expect(error?.code == .invalidSpeed)
    }
}
