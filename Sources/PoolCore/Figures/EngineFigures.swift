/// Measurements of one definition of an engine on one model of device. They are kept over restarts.
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
    /// Seconds for which a text of so many units shows no progress at the most, if nothing runs beside it.
    package var stillness = LinearFit(quantile: 0.99)
    /// The throughput by how many jobs run at once.
    package var curve = RunningCurve()

    package init(floorBytes: Int? = nil, addedBytes: Int? = nil) {
        self.floorBytes = floorBytes
        self.addedBytes = addedBytes
    }

    /// Bytes that one more instance comes to hold; 0 if none has been measured.
    package func floor(besideOthers: Bool) -> Int { (besideOthers ? addedBytes : nil) ?? floorBytes ?? 0 }

    /// The peak of a text of so many units. Before the first one has been measured it is taken to be a quarter of the
    /// floor.
    package func peak(units: Int) -> Int {
        peakBytes.predict(units: units).map { Int($0) } ?? (floorBytes ?? 0) / 4
    }
}

extension EngineFigures {
    /// For how many seconds a text of so many units shows no progress at the most; `nil` if none was timed. No text
    /// shows none for longer than it takes.
    func stillness(units: Int) -> Double? {
        stillness.predictWidely(units: units) ?? seconds.predictWidely(units: units)
    }
}

extension Pool {
    /// The figures of each engine's serving definition on each device, by the indices of the engine and of the
    /// device.
    package struct Figures {
        fileprivate let revisions: [Revision]

        /// By device; empty before anything was measured.
        package subscript(engine: Int) -> [EngineFigures] {
            revisions[engine].measured[revisions[engine].serving] ?? []
        }
    }

    /// See `Figures`.
    package var figures: Figures { Figures(revisions: revisions) }

    /// The figures, on its device, of the definition that an instance's process was started from.
    package func figures(of instance: Instance) -> EngineFigures {
        revisions[instance.engine].figures(instance.revision, device: instance.device)
    }

    /// The figures for the next process of an engine on a device.
    package func figuresOfNext(engine: Int, device: Int) -> EngineFigures {
        revisions[engine].figures(revisions[engine].current, device: device)
    }

    /// Takes down a measurement of an instance's process.
    mutating func learn<Answer>(of instance: Instance, _ note: (inout EngineFigures) -> Answer) -> Answer {
        note(&revisions[instance.engine].measured[instance.revision, default: []][instance.device])
    }
}
