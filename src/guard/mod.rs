//! May this one send, register, call there, now? In this room: the rights ladder and address lists; bans and toll-fraud
//! limits come beside them. Knows no SIP message.
