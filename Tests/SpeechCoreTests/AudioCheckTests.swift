import SpeechCore
import Testing

/// Whether audio sounds like anything.
@Suite struct AudioCheckTests {
    private func pcm(_ value: Int16, seconds: Double = 0.1) -> PCM {
        PCM(samples: [Int16](repeating: value, count: Int(seconds * 24_000)), sampleRate: 24_000)
    }

    @Test("speech passes at once, pauses within it as well")
    func speech() {
        var check = AudioCheck()
        for piece in [pcm(1_000), pcm(0), pcm(-2_000)] { #expect(check.take(piece) == [piece]) }
        #expect(check.isSound && check.duration == .milliseconds(300))
    }

    @Test("a pause at the beginning is held back until something is heard")
    func pause() {
        var check = AudioCheck()
        #expect(check.take(pcm(0)) == [])
        #expect(check.take(pcm(1_000)) == [pcm(0), pcm(1_000)])
        #expect(check.isSound && check.rest() == [])
    }

    @Test("what is nothing but silence is held back and unsound, and is there if it has to do")
    func silence() {
        var check = AudioCheck()
        for _ in 0..<3 { #expect(check.take(pcm(3)) == []) }
        #expect(!check.isSound)
        #expect(check.rest() == [pcm(3), pcm(3), pcm(3)])
    }

    @Test("a long silence is not held back for ever")
    func longSilence() {
        var check = AudioCheck()
        #expect(check.take(pcm(0, seconds: 2)) == [])
        #expect(check.take(pcm(0, seconds: 2)) == [pcm(0, seconds: 2), pcm(0, seconds: 2)])
        #expect(check.take(pcm(0)) == [pcm(0)])
        #expect(!check.isSound)
    }

    @Test("what is cut off at full scale is unsound, a few peaks are not")
    func clipped() {
        var check = AudioCheck()
        #expect(check.take(pcm(.max)) == [])
        #expect(!check.isSound)
        var loud = AudioCheck()
        _ = loud.take(
            PCM(samples: [Int16](repeating: 20_000, count: 95) + [Int16](repeating: .max, count: 5), sampleRate: 24_000)
        )
        #expect(loud.isSound)
    }

    @Test("nothing at all is unsound")
    func nothing() { #expect(!AudioCheck().isSound) }
}
