# ruff: noqa: E501 a Chinese character counts twice, and the lists read best filled
"""Parts of plausible values, written for this product: common names, places that exist, streets of common names."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Locale:
    """The tables of one language."""

    given: pa.Array
    """Given names, or single characters of them."""
    surnames: pa.Array
    """Family names."""
    streets: pa.Array
    """Streets or roads."""
    places: pa.Array
    """Cities, in Chinese with province and district."""
    firms: pa.Array
    """First words of company names."""
    trades: pa.Array
    """Last words of company names, with the legal form."""


def _words(text: str) -> pa.Array:
    return pa.array([each.replace("_", " ") for each in text.split()])  # written "New_York" where a blank belongs to it


def _both(text: str) -> pa.Array:
    """Each text and pair of characters: the given names of Chinese, one or two characters long."""
    single = text.split()
    return pa.array([one + other for one in single for other in ("", *single) if one != other])


_TRADES_ZH = "科技 商贸 食品 电子 物流 文化传播 建材 服饰 咨询 网络"
_TRADES_HANT = "科技 貿易 食品 電子 物流 文創 建材 服飾 顧問 資訊"

LOCALES: dict[str, Locale] = {
    "en": Locale(
        _words(
            "James Mary Robert Linda John Susan David Karen William Nancy Thomas Laura Daniel Emily Matthew Sarah Mark "
            "Anna Paul Helen Steven Ruth Andrew Julia George Amy Edward Claire Brian Alice Kevin Grace Jason Emma Peter "
            "Diana Henry Rachel Adam Megan Oscar Holly Simon Olivia Martin Sophie Philip Lucy Ian Eva Neil Rose Hugh "
            "Jane Carl Ivy Leo Nora Max Zoe Owen Ella"
        ),
        _words(
            "Smith Johnson Brown Taylor Wilson Davies Evans Walker White Roberts Green Hall Wood Clarke Hughes Hill "
            "Cooper Ward Turner Carter Phillips Mitchell Parker Bennett Cook Bailey Bell Murphy Miller Cox Richards "
            "Webb Hunt Palmer Mills Grant Knight Fox Barnes Price Fisher Reid Stone Lane Marsh Ford Hart Dean Porter "
            "Frost Hudson Burke Gibson Nash Lowe Wells Shaw Rhodes Lloyd Field Snow Page"
        ),
        _words(
            "Oak_Street Maple_Avenue Park_Road Church_Lane High_Street Mill_Road Station_Road Elm_Street King_Street "
            "Queen_Street Lake_View Hill_Road River_Street Garden_Close Green_Lane Cedar_Drive North_Road South_Street "
            "Bridge_Street Market_Square Chapel_Lane Orchard_Way Forest_Drive Meadow_Lane"
        ),
        _words(
            "Springfield Riverton Fairview Georgetown Salem Madison Clinton Franklin Greenville Bristol Oxford Ashland "
            "Burlington Manchester Milton Newport Auburn Dayton Lexington Hudson Kingston Dover Milford Winchester"
        ),
        _words("Northwind Bluewater Silverline Greenfield Redwood Brightway Stonegate Clearview Westbrook Highland "
               "Eastgate Summit Harbour Evergreen Lakeside Ironbridge"),
        _words("Trading_Ltd Systems_Inc. Foods_Ltd Logistics_LLC Media_Ltd Partners_LLP Supplies_Inc. Consulting_Ltd "
               "Textiles_Ltd Energy_Inc."),
    ),
    "de": Locale(
        _words(
            "Anna Peter Maria Thomas Sabine Michael Ursula Andreas Petra Stefan Monika Klaus Claudia Jürgen Birgit Uwe "
            "Martina Frank Heike Bernd Susanne Markus Julia Jan Katrin Tobias Lena Felix Laura Jonas Nina Paul Lea Lukas "
            "Sophie Emil Clara Moritz Greta Anton Ida Oskar Frieda Karl Mia Till Jana Sven Ines Ralf Silke Jörg Käthe Götz"
        ),
        _words(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein "
            "Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Krause Lehmann Köhler "
            "Maier König Walter Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Vogel Friedrich Keller "
            "Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Ludwig Winter Simon Kraus Böhm"
        ),
        _words(
            "Hauptstraße Bahnhofstraße Gartenstraße Schulstraße Dorfstraße Bergstraße Lindenstraße Kirchstraße Waldweg "
            "Ringstraße Birkenweg Mühlenweg Rosenweg Feldstraße Wiesenweg Goethestraße Schillerstraße Amselweg Parkstraße "
            "Am_Markt Ahornweg Buchenweg Marktplatz Sonnenweg"
        ),
        _words(
            "Berlin Hamburg München Köln Frankfurt Stuttgart Düsseldorf Leipzig Dortmund Essen Bremen Dresden Hannover "
            "Nürnberg Duisburg Bochum Wuppertal Bielefeld Bonn Münster Mannheim Augsburg Kiel Erfurt"
        ),
        _words("Nordlicht Rheinblick Silbertal Grünfeld Steinhof Lindenau Morgenrot Seeblick Hochwald Eichenhof "
               "Sonnenberg Adler Falken Hansa Alpen Elbtal"),
        _words("Handels_GmbH Technik_GmbH Lebensmittel_GmbH Logistik_GmbH Medien_GmbH Beratung_GmbH Bau_GmbH Textil_GmbH "
               "Energie_AG Systeme_AG"),
    ),
    "zh-Hans": Locale(
        _both("伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀 霞 平 刚 桂 英 华 玉 兰 红 梅 建 国 文 志 海 燕 雪 晨 "
              "宇 浩 欣 怡 佳 琪 子 涵 思 雨 梓 轩 博 晓 婷 宁 凯 颖 鑫 倩 嘉 乐 安 瑞"),
        _words("王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 林 高 罗 郑 梁 谢 宋 唐 许 邓 韩 冯 曹 彭 曾 肖 田 董 潘 袁 蔡 蒋 "
               "余 于 杜 叶 程 魏 苏 吕 丁 任 卢 姚 沈 钟 姜 崔 谭 陆 范 汪 廖 石 金 韦 贾 夏 付 方 邹 熊 白 孟 秦 邱 侯 江 尹 薛 闫 雷 龙"),
        _words("人民路 解放路 建设路 中山路 和平路 新华路 文化路 胜利路 友谊路 光明路 长江路 黄河路 花园路 学府路 民主路 幸福路 朝阳路 "
               "迎宾路 振兴路 园林路 滨河路 青年路 团结路 创业路"),
        _words("北京市朝阳区 北京市海淀区 上海市徐汇区 上海市浦东新区 广东省广州市天河区 广东省深圳市南山区 江苏省南京市玄武区 "
               "江苏省苏州市姑苏区 浙江省杭州市西湖区 浙江省宁波市海曙区 四川省成都市武侯区 湖北省武汉市武昌区 湖南省长沙市岳麓区 "
               "陕西省西安市雁塔区 山东省济南市历下区 山东省青岛市市南区 河南省郑州市金水区 辽宁省沈阳市和平区 辽宁省大连市中山区 "
               "福建省厦门市思明区 福建省福州市鼓楼区 安徽省合肥市蜀山区 重庆市渝中区 天津市和平区"),
        _words("华盛 金源 东升 天成 宏达 瑞丰 永信 恒泰 安达 嘉禾 万通 德润 新航 启明 远望 长虹"),
        pa.array([f"{each}有限公司" for each in _TRADES_ZH.split()]),
    ),
    "zh-Hant": Locale(
        _both("偉 芳 娜 敏 靜 麗 強 磊 軍 洋 勇 豔 傑 娟 濤 明 超 秀 霞 平 剛 桂 英 華 玉 蘭 紅 梅 建 國 文 志 海 燕 雪 晨 "
              "宇 浩 欣 怡 佳 琪 子 涵 思 雨 梓 軒 博 曉 婷 寧 凱 穎 鑫 倩 嘉 樂 安 瑞"),
        _words("陳 林 黃 張 李 王 吳 劉 蔡 楊 許 鄭 謝 洪 郭 邱 曾 廖 賴 徐 周 葉 蘇 莊 呂 江 何 蕭 羅 高 潘 簡 朱 鍾 游 彭 詹 胡 施 沈 "
               "余 盧 梁 趙 顏 柯 翁 魏 孫 戴 范 方 宋 鄧 杜 傅 侯 曹 薛 丁 卓 馬 董 溫 唐 藍 蔣 石 古 紀"),
        _words("中山路 中正路 民生路 民權路 仁愛路 信義路 和平路 復興路 忠孝路 建國路 成功路 自由路 光復路 文化路 博愛路 三民路 大同路 "
               "新生路 公園路 中華路 青年路 勝利路 學府路 福星路"),
        _words("臺北市大安區 臺北市信義區 臺北市中山區 新北市板橋區 新北市中和區 新北市三重區 桃園市中壢區 桃園市桃園區 臺中市西屯區 "
               "臺中市北區 臺南市東區 臺南市永康區 高雄市三民區 高雄市左營區 高雄市鳳山區 新竹市東區 基隆市中正區 嘉義市西區 "
               "彰化縣彰化市 屏東縣屏東市 宜蘭縣羅東鎮 花蓮縣花蓮市 苗栗縣頭份市 南投縣草屯鎮"),
        _words("華盛 金源 東昇 天成 宏達 瑞豐 永信 恆泰 安達 嘉禾 萬通 德潤 新航 啟明 遠望 長虹"),
        pa.array([f"{each}有限公司" for each in _TRADES_HANT.split()]),
    ),
}  # fmt: skip
"""By language."""
