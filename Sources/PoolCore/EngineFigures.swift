/// What was measured of an engine on one model of device. It is kept over restarts.
package struct EngineFigures: Sendable, Equatable, Codable {
    /// Bytes of an instance that has nothing to do, on a device that it has for itself; `nil` until one was measured.
    package var floorBytes: Int?
    /// Bytes that another instance adds where there is one: less than the floor if they share memory.
    package var addedBytes: Int?
    /// Bytes above the floor while a text of so many units is spoken.
    package var peakBytes = LinearFit(quantile: 0.99)
    /// Seconds that a text of so many units takes.
    package var seconds = LinearFit(quantile: 0.9)
    /// Seconds of audio that a text of so many units becomes.
    package var audioSeconds = LinearFit(quantile: 0.9)
    /// What is done by how many run at once.
    package var curve = RunningCurve()

    package init(floorBytes: Int? = nil, addedBytes: Int? = nil) {
        self.floorBytes = floorBytes
        self.addedBytes = addedBytes
    }

    /// What one more instance comes to hold; 0 if none has been measured.
    package func floor(besideOthers: Bool) -> Int { (besideOthers ? addedBytes : nil) ?? floorBytes ?? 0 }

    /// The peak of a text of so many units. Before the first one has been measured it is taken to be a quarter of the
    /// floor.
    package func peak(units: Int) -> Int {
        peakBytes.predict(units: units).map { Int($0) } ?? (floorBytes ?? 0) / 4
    }
}
