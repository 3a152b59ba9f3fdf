// The office of the tests of forms: a number at a carrier that does not answer, three employees, a route with a group.
export const OFFICE = `
[office]
name = "ООО Ромашка"
timezone = "Europe/Moscow"
language = "ru"
country = "RU"
area_code = "812"

[[trunk]]
name = "Основной городской"
number = "78126122981"
server = "127.0.0.1:9"
login = "78126122981"
password = "carrier-secret"

[[extension]]
number = "200"
employee = "Приёмная"
email = "office@example.org"
permissions = ["internal", "city"]
  [[extension.device]]
  kind = "sip"
  login = "rik33+user200s0"
  password = "phone-secret-200"
  [[extension.device]]
  kind = "mobile"
  number = "89211234567"

[[extension]]
number = "201"
employee = "Бухгалтерия"
  [[extension.device]]
  kind = "sip"
  login = "rik33+user201s0"
  password = "phone-secret-201"

[[extension]]
number = "202"
employee = "Склад"
  [[extension.device]]
  kind = "sip"
  login = "rik33+user202s0"
  password = "phone-secret-202"

[[schedule]]
name = "Рабочее время"
hours = [{ days = "mon-fri", from = "09:00", to = "18:00" }]
closed = ["2027-01-01..2027-01-08"]

[[group]]
number = "500"
name = "Все сотрудники"
members = ["200", "201", "202"]

[[element]]
id = "in"
kind = "incoming"
numbers = ["78126122981"]

[[element]]
id = "all"
kind = "group"
group = "500"

[[link]]
from = "in.next"
to = "all"
`;
