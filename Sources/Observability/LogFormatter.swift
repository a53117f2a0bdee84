/// Turns what was logged into a line. Pure: the same record gives the same line.
protocol LogFormatter: Sendable {
    /// One line, its newline included and no other.
    func line(for record: LogRecord) -> String
}
