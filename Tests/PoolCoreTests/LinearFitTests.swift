import PoolCore
import Testing

/// How something grows with a text's units.
@Suite struct LinearFitTests {
    private func fit(_ samples: [(Int, Double)], quantile: Double = 0.9) -> LinearFit {
        var fit = LinearFit(quantile: quantile)
        for (units, value) in samples { fit.observe(units: units, value: value) }
        return fit
    }

    @Test("nothing is predicted before the first measurement")
    func empty() {
        #expect(LinearFit(quantile: 0.9).predict(units: 10) == nil)
        #expect(LinearFit(quantile: 0.9).mean(units: 10) == nil)
    }

    @Test("what grows in a line is predicted exactly")
    func line() throws {
        let fit = fit([(10, 120), (20, 140), (40, 180)])
        #expect(abs(try #require(fit.predict(units: 300)) - 700) < 1e-6)
        #expect(fit.count == 3)
        #expect(fit.largestUnits == 40)
    }

    @Test("one size only: others are taken to be in proportion")
    func oneSize() throws {
        let fit = fit([(10, 50), (10, 70)])
        #expect(try #require(fit.mean(units: 20)) == 120)
        #expect(try #require(fit.predict(units: 10)) == 70)
    }

    @Test("what falls as texts grow is noise: it is predicted to stay, as high as the highest")
    func falling() throws {
        let fit = fit([(10, 100), (20, 60), (30, 20)], quantile: 0.99)
        #expect(try #require(fit.mean(units: 500)) == 60)
        #expect(try #require(fit.predict(units: 500)) == 100)
    }

    @Test("a prediction covers the quantile of the samples")
    func quantile() throws {
        var random = SplitMix64(seed: 1)
        var fit = LinearFit(quantile: 0.9)
        let samples = (0..<100).map { _ in
            let units = Int.random(in: 1...300, using: &random)
            return (units, 10 + 2 * Double(units) + Double.random(in: 0..<50, using: &random))
        }
        for (units, value) in samples { fit.observe(units: units, value: value) }
        let covered = try samples.count { try $0.1 <= #require(fit.predict(units: $0.0)) }
        #expect((90...93).contains(covered))
    }

    @Test("one that was much higher than a hundred others is heard, where 99 of 100 are to be covered")
    func outlier() throws {
        var fit = fit((1...127).map { ($0, 100) }, quantile: 0.99)
        fit.observe(units: 50, value: 900)
        #expect(try #require(fit.predict(units: 50)) >= 900 - 1e-6)
    }

    @Test("old measurements are forgotten")
    func forgets() throws {
        let fit = fit((1...128).map { ($0, 1000) } + (1...128).map { ($0, 10) })
        #expect(fit.count == 128)
        #expect(abs(try #require(fit.predict(units: 64)) - 10) < 1e-6)
    }

    @Test("nothing negative is predicted")
    func negative() throws {
        #expect(try #require(fit([(100, 0), (200, 300)]).predict(units: 1)) == 0)
    }
}
