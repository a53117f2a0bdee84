import Glibc

/// A call into the system that failed.
package struct SystemError: Error, CustomStringConvertible {
    /// What was tried, such as `start python3`.
    package var action: String
    /// The system's error number.
    package var number: CInt

    package init(_ action: String, number: CInt = errno) {
        self.action = action
        self.number = number
    }

    package var description: String {
        "Could not \(action): \(String(cString: strerror(number)))."
    }
}
