//! The faults of update files in Russian; their English is `Display`'s.

use super::{Refusal, UpdateError};

impl UpdateError {
    /// A sentence for the person who chose the file.
    pub fn russian(&self) -> String {
        match self {
            Self::Read(_) => "Файл обновления не удалось прочитать.".to_owned(),
            Self::NoUpdate => "Это не файл обновления «Дозвона».".to_owned(),
            Self::OtherForm => {
                "Этот файл обновления новее, чем понимает станция. Сначала установите промежуточную версию.".to_owned()
            }
            Self::Line { line, name } => {
                format!("Файл обновления повреждён: в строке {line} должно быть «{name}». Скачайте его заново.")
            }
            Self::Value { line, name } => {
                format!("Файл обновления повреждён: строка {line} («{name}») неверна. Скачайте его заново.")
            }
            Self::Signature => "Подпись обновления неверна: файл изменён или сделан не производителем.".to_owned(),
            Self::UnknownKey(key) => {
                format!("Обновление подписано ключом «{key}», которому эта версия «Дозвона» не доверяет.")
            }
            Self::Truncated => {
                "Файл обновления не целый: он обрывается раньше времени. Скачайте его заново.".to_owned()
            }
            Self::Block { .. } => {
                "Файл обновления повреждён: его содержимое не то, что подписано. Скачайте его заново.".to_owned()
            }
            Self::More => "Файл обновления повреждён: после его конца есть лишнее. Скачайте его заново.".to_owned(),
        }
    }
}

impl Refusal {
    /// A sentence for the person who chose the file.
    pub fn russian(&self) -> String {
        match self {
            Self::OtherProduct { theirs, ours } => {
                format!("Это обновление для «{theirs}», а эта станция — «{ours}».")
            }
            Self::OlderFormat { version } => {
                format!("Версия {version} слишком старая: она не поймёт данные этой станции.")
            }
            Self::Older { version, running } => {
                format!("Версия {version} старше той, что работает ({running}). Возврат надо запросить отдельно.")
            }
        }
    }
}
